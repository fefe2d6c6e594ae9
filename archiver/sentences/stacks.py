"""What people are told about scans of several papers, and about electronic invoices."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    # Batches that are taken apart
    "no_sheet_found": Phrase(
        N_("No separator sheet was found; the batch became one document."),
        N_("If it holds several, split it at the review desk."),
    ),
    "no_number_found": Phrase(
        N_("No archive number was found; the batch became one document."),
        N_("Stick a label on the first page of each document and scan again, or split it."),
    ),
    "batch_blank": Phrase(
        N_("The batch has no printed page besides separator sheets."),
        N_("Check whether it was fed the wrong way round."),
    ),
    "batch_remainder": Phrase(
        N_("The last document has fewer pages than the folder's fixed number."),
        N_("Check whether pages are missing or were fed together."),
    ),
    "sheet_without_pages": Phrase(
        N_("No page follows the separator sheet on page {page}."),
        N_("Check whether a document was left out or two sheets lay together."),
    ),
    "sheet_damaged": Phrase(
        N_("A code looks like one of our separator sheets, but its check value is wrong."),
        N_("Set class and reference by hand and print the sheet anew."),
    ),
    "sheet_version": Phrase(
        N_("The separator sheet was made by a later version of archiver."),
        N_("Update archiver or print the sheet anew."),
    ),
    "sheet_contradicts": Phrase(
        N_("Page {page} carries two different sheet codes."),
        N_("Set class and reference by hand."),
    ),
    "sheet_carries_text": Phrase(
        N_("Page {page} has a separator mark and much text; it was kept in the document."),
        N_("Decide whether it is a sheet."),
    ),
    "sheet_back_printed": Phrase(
        N_("The back of a separator sheet (page {page}) is printed; it was put with the sheet."),
        N_("Check that it belongs to no document."),
    ),
    "sides_out_of_step": Phrase(
        N_("Front and back sides do not come in pairs (page {page})."),
        N_("Switch off the scanner's blank-page removal or the pipeline's two_sided."),
    ),
    "sheet_not_expected": Phrase(
        N_(
            "Page {page} is a separator sheet in a folder that separates by archive "
            "numbers; it was kept."
        ),
        N_("Remove it or use another folder."),
    ),
    "numbers_contradict": Phrase(
        N_("Page {page} carries two archive numbers."),
        N_("Remove the wrong label and set the number."),
    ),
    "number_repeats": Phrase(
        N_("The archive number on page {page} occurred before in this batch."),
        N_("Check whether pages are out of order."),
    ),
    "number_on_back": Phrase(
        N_("The archive number stands on a back (page {page})."),
        N_("Check where the document begins."),
    ),
    "pages_before_first_number": Phrase(
        N_("Pages stand before the first archive number."),
        N_("Assign them."),
    ),
    "stack_counts_differ": Phrase(
        N_("Fronts ({fronts}) and backs ({backs}) differ in number."),
        N_("Scan both again without blank-page removal."),
    ),
    "stacks_of_two_folders": Phrase(
        N_("The two stacks lie in different folders."),
        N_("Drop both in one."),
    ),
    "stacks_differ_in_kind": Phrase(
        N_("The two stacks are files of different kinds."),
        N_("Scan both with the same settings."),
    ),
    "stack_empty": Phrase(
        N_("A stack has no page."),
        N_("Scan again."),
    ),
    "stacks_out_of_step": Phrase(
        N_(
            "Another stack of this folder waits for a decision or came twice, so it is not sure "
            "which stacks belong together."
        ),
        N_(
            "Decide the oldest first: “review merge --backs” puts fronts and backs together, "
            "“review accept” leaves a file as it is. Then “retry” the others."
        ),
    ),
    "stack_alone": Phrase(
        N_("No backs came for these fronts in time."),
        N_("Drop the backs again, or release the file as one-sided."),
    ),
    "pages_not_movable": Phrase(
        N_("A file of this kind cannot be divided, nor joined with others."),
        N_("Scan the paper as PDF or TIFF."),
    ),
    "one_page_kind": Phrase(
        N_("Files of this kind hold one page each, so they cannot become one file."),
        N_("Scan as PDF or TIFF."),
    ),
    "split_signed": Phrase(
        N_("The file is signed; cutting it would break the signature."),
        N_("File it whole."),
    ),
    "split_form": Phrase(
        N_("The file is a form that holds together."),
        N_("File it whole or print it to PDF."),
    ),
    "split_attachments": Phrase(
        N_("Files are attached to the PDF; they belong to no single page."),
        N_("File it whole."),
    ),
    "split_old_tiff": Phrase(
        N_("The TIFF uses an outdated form of JPEG."),
        N_("Scan as PDF."),
    ),
    "too_large_for_tiff": Phrase(
        N_("The part is larger than 4 GiB."),
        N_("Scan smaller batches."),
    ),
    "extract_differs": Phrase(
        N_("Page {page} of the extract is not what it was; nothing was stored."),
        N_("Report it; the batch is unharmed."),
    ),
    "page_proof_failed": Phrase(
        N_("{pages_in} pages came in, but {documents} + {sheets} + {blanks} are accounted for."),
        N_("Report it; the batch is kept."),
    ),
    "label_too_long": Phrase(
        N_("The label's text is too long ({length} of {limit} signs)."),
        N_("Shorten the reference."),
    ),
    "label_without_number": Phrase(
        N_("The label has no number."),
        N_("Give one."),
    ),
    "label_not_plain": Phrase(
        N_("A label cannot hold control characters."),
        N_("Write class, reference and number with letters, digits and signs that can be seen."),
    ),
    "label_not_ascii": Phrase(
        N_("A Code 128 takes only plain letters and digits."),
        N_("Use QR labels."),
    ),
    "label_prefix_unread": Phrase(
        N_("No drop folder reads plain archive numbers that begin with “{prefix}”."),
        N_(
            "Prefixes that are read: {known}. Change [separate] prefix of the pipeline, or use "
            "QR labels."
        ),
    ),
    "class_not_in_plan": Phrase(
        N_("The filing plan has no class with the key “{key}”."),
        N_("The nearest keys are: {nearest}."),
    ),
    "all_takes_no_mark": Phrase(
        N_("--all prints every class; no class, reference, dossier or title goes with it."),
        N_("Leave out --all or the others."),
    ),
    "nothing_to_print": Phrase(
        N_("Nothing to print was given."),
        N_("Name at least one sheet or number."),
    ),
    "transfer_note_damaged": Phrase(
        N_("A transfer note cannot be read: it is not as it was written."),
        N_("Run “archiver verify” and bring the object of the document back from a back-up."),
    ),
    "certificate_damaged": Phrase(
        N_("The certificate of destruction is not of the form it must have (at {at})."),
        N_("Ask for the certificate once more; it may have been changed or cut off."),
    ),
    "certificate_contradicts": Phrase(
        N_("The certificate of destruction contradicts itself: {part} do not agree."),
        N_("Do not rely on it. Compare it with the ledger and ask who has issued it."),
    ),
    "font_missing": Phrase(
        N_("The font {font} is missing."),
        N_("Install OCRmyPDF again."),
    ),
    # Electronic invoices
    "xml_entities": Phrase(
        N_(
            "The invoice contains a document type declaration, which could load "
            "other files; it was not opened."
        ),
        N_("Ask the sender for the invoice without a DOCTYPE."),
    ),
    "xml_broken": Phrase(
        N_("The XML is not well-formed."),
        N_("Ask the sender to send it again."),
    ),
    "xml_too_large": Phrase(
        N_("The XML is larger than {limit} MiB; it was not read."),
        N_("Ask for attachments to be sent separately."),
    ),
    "not_an_invoice": Phrase(
        N_("The XML is no invoice in UBL, CII or ZUGFeRD."),
        N_("Have a person file it."),
    ),
    "invoice_attached": Phrase(
        N_("An electronic invoice is attached; its values were taken from there."),
    ),
    "attached_invoice_unread": Phrase(
        N_(
            "The electronic invoice attached to the PDF cannot be read; its pages were read "
            "instead."
        ),
        N_("Ask the sender to send it again."),
    ),
    "xml_against_schema": Phrase(
        N_("The XML does not follow the schema of its format."),
    ),
    "number_missing": Phrase(
        N_("The invoice has no number."),
    ),
    "date_missing": Phrase(
        N_("The invoice has no date."),
    ),
    "seller_missing": Phrase(
        N_("The invoice names no seller."),
    ),
    "buyer_missing": Phrase(
        N_("The invoice names no buyer."),
    ),
    "total_missing": Phrase(
        N_("The invoice has no total."),
    ),
    "gross_is_not_net_plus_tax": Phrase(
        N_("Net amount and tax do not add up to the total."),
    ),
    "payable_is_not_gross_less_prepaid": Phrase(
        N_("The amount to pay is not the total less what was paid before."),
    ),
    "lines_do_not_add_up": Phrase(
        N_("The lines do not add up to the net amount."),
    ),
    "invoice_cut": Phrase(
        N_(
            "The invoice is longer than what is shown and searched of it: of its lines, notes and "
            "accounts only the first were taken. The XML is kept whole."
        ),
    ),
    "due_before_issue": Phrase(
        N_("The invoice is due before its date."),
    ),
    "bad_iban": Phrase(
        N_("The account number (IBAN) has a wrong check digit."),
    ),
    "bad_vat_id": Phrase(
        N_("The VAT id has a wrong check digit."),
    ),
    # Learning and evaluating classes
    "examples_unreadable": Phrase(
        N_("The file {file} cannot be read as examples."),
        N_("Check its name and its rights. It must be JSON lines, plain or gzipped."),
    ),
    "bad_example": Phrase(
        N_("Line {line} of {file} is no example."),
        N_('Each line is a JSON object with "text" and "class". Mend or remove the line.'),
    ),
    "bad_mapping": Phrase(
        N_("“{given}” says not which class is taken for which."),
        N_("Write the class there, “=”, and the class of the filing plan: RECH=invoice."),
    ),
    "too_few_examples": Phrase(
        N_("There is too little to learn from. Examples: {examples}, classes: {classes}."),
        N_("Examples of two classes at least are needed; five of each class help already."),
    ),
    "nothing_to_evaluate": Phrase(
        N_("Of {examples} examples none is left to be asked."),
        N_("Give more examples, or learn from fewer of each class."),
    ),
    "fit_running": Phrase(
        N_("Another process is learning at the moment."),
        N_("Wait until it is done, then try again."),
    ),
    "fit_died": Phrase(
        N_("Learning was broken off (code {code}); what was learned before stays."),
        N_("Try again. If it happens again, look for lack of memory or space."),
    ),
}
