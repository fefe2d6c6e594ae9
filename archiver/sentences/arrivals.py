"""What people are told about papers on their way in: files, pages, batches of scans, invoices."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    # Files that cannot be worked on
    "empty_file": Phrase(
        N_("The file is empty (0 bytes)."),
        N_("Scan the paper again and drop the new file, then settle this one with “dismiss”."),
    ),
    "unsupported_type": Phrase(
        N_(
            "This is not a scan that can be read: it is no PDF, TIFF, JPEG, PNG or "
            "JPEG 2000 file, whatever its name says."
        ),
        N_("Print or save it as PDF and drop that. The file itself is kept."),
    ),
    "encrypted": Phrase(
        N_("The PDF is protected (encrypted), so it cannot be worked on."),
        N_("Ask the sender for an unprotected copy, or save it without protection, and drop that."),
    ),
    "truncated": Phrase(
        N_("The file ends in the middle: its last part is missing."),
        N_("It was probably not copied completely. Copy or scan it again and drop it once more."),
    ),
    "damaged": Phrase(
        N_("The file is damaged and cannot be read."),
        N_("Scan the paper again or ask the sender for another copy, and drop that."),
    ),
    "no_pages": Phrase(
        N_("The PDF has no pages."),
        N_("Scan the paper again or ask the sender for another copy, and drop that."),
    ),
    "dynamic_xfa": Phrase(
        N_(
            "The PDF is a form whose pages are only made by Adobe Reader (XFA); there "
            "is nothing on paper to read."
        ),
        N_("Open it in Adobe Reader, print it to PDF, and drop that."),
    ),
    "looks_like_bomb": Phrase(
        N_(
            "The file is tiny but claims to hold a huge picture. It is empty or made "
            "to do harm, so it was not opened."
        ),
        N_(
            "If it really is a scan, scan it again with usual settings (300 dpi). Else "
            "settle it with “dismiss”."
        ),
    ),
    "tiny_pages": Phrase(
        N_(
            "The file has {pages} pages, and hundreds of them are smaller than a visiting card. "
            "It is kept, but was not read."
        ),
        N_("Scan the papers again as whole pages and drop that. Else settle it with “dismiss”."),
    ),
    "too_many_pages": Phrase(
        N_("The document has more pages than can be read at once (limit: {limit})."),
        N_("Split it and drop the parts, or ask the IT person to raise the limit, then “retry”."),
    ),
    "file_too_large": Phrase(
        N_("The file is larger than the limit of {limit} MiB. It is kept, but was not opened."),
        N_("Scan with less resolution, or ask the IT person to raise the limit, then “retry”."),
    ),
    "page_too_large": Phrase(
        N_(
            "At least one page is too large to be read, such as a plan. The file is "
            "kept as it came."
        ),
        N_("Nothing is lost. A person must file it by hand."),
    ),
    "page_unreadable": Phrase(
        N_("Page {page} could not be read."),
        N_("Scan the page again, or try once more with “retry”."),
    ),
    "picture_too_slow": Phrase(
        N_("Page {page} could not be drawn within {seconds} seconds."),
        N_("Fetch the file itself with “get” and open it on your own machine."),
    ),
    "picture_failed": Phrase(
        N_("Page {page} could not be drawn."),
        N_("Fetch the file itself with “get” and open it on your own machine."),
    ),
    "took_too_long": Phrase(
        N_("Opening the file took too long and was stopped."),
        N_("Print it to PDF or scan it again and drop that. “retry” tries once more."),
    ),
    "too_much_memory": Phrase(
        N_("Opening the file needs too much memory and was stopped."),
        N_("Scan it with less resolution, or print it to PDF, and drop that."),
    ),
    "too_much_output": Phrase(
        N_("The archive copy of the file would be larger than allowed."),
        N_("Split the file and drop the parts."),
    ),
    "worker_died": Phrase(
        N_("Reading the file failed {times} times without a clear cause."),
        N_("Tell the IT person the number of the document. “retry” tries once more."),
    ),
    # Documents that a person must look at
    "low_confidence": Phrase(
        N_("The text could be read only in part, so words may be missing in the search."),
        N_("Look at it; scan it again if the paper allows it."),
    ),
    "class_disagreed": Phrase(
        N_("The headline speaks for one class, what was learned for another."),
        N_("“archiver review show” tells both; say which is right with “review set”."),
    ),
    "class_contradictory_rules": Phrase(
        N_("Two classes of the filing plan claim the same headline."),
        N_("Say which is right with “review set”; the words of the plan should be told apart."),
    ),
    "class_corrected_alike": Phrase(
        N_("A person has decided about a document like this one; the class is proposed."),
        N_("Confirm it with “review accept”, or say which is right with “review set”."),
    ),
    "class_rule_only": Phrase(
        N_("Only the headline speaks for the class; no example of it has been learned yet."),
        N_("Confirm it with “review accept”, or say which is right with “review set”."),
    ),
    "class_model_only": Phrase(
        N_("Only what was learned speaks for the class; no headline names one."),
        N_("Confirm it with “review accept”, or say which is right with “review set”."),
    ),
    "class_unknown": Phrase(
        N_("Nothing speaks for any class of the filing plan."),
        N_("Say which is right with “review set”."),
    ),
    "sheet_class_unknown": Phrase(
        N_("The separator sheet names a class that the filing plan does not have."),
        N_("Say which is right with “review set”, and print that sheet anew."),
    ),
    "pages_are_gone": Phrase(
        N_("The pages were divided or withdrawn meanwhile, so they cannot be moved again."),
        N_("“archiver show” tells where they went."),
    ),
    "not_divided": Phrase(
        N_("It is not decided yet how this batch is divided, so nothing can be said of it."),
        N_(
            "“review accept {id}” without a value divides it as planned, “review split {id}” "
            "keeps it whole."
        ),
    ),
    "no_such_page": Phrase(
        N_("There is no page {page}; the document has {pages}."),
        N_(
            "Pages are counted from 1; “review split 01JB2Q8T 3,7” names those with which "
            "documents begin."
        ),
    ),
    "record_lost": Phrase(
        N_(
            "The record of this document was damaged or lost and was made anew. What people had "
            "decided about it may be missing."
        ),
        N_("Compare it with its history in “archiver show”, correct it, and accept it."),
    ),
    "only_blank_pages": Phrase(
        N_("All pages are blank."),
        N_(
            "Was the paper put in the wrong way round? Then scan it again; else settle "
            "it with “withdraw”."
        ),
    ),
    "no_text": Phrase(
        N_("There is something on the pages, but no text was found."),
        N_(
            "Look at it: a photo or a drawing is fine, an unreadable letter should be "
            "scanned again."
        ),
    ),
    # Findings that are worth knowing
    "signed": Phrase(
        N_(
            "The PDF carries a digital signature. Its bytes are untouched; its text "
            "was read from the pages for the search."
        ),
    ),
    "pdfa_failed": Phrase(
        N_("No PDF/A could be made. The original is kept and can be found."),
    ),
    "repaired": Phrase(
        N_(
            "The file has faults that could be repaired when it was read. The original "
            "is kept as it came."
        ),
    ),
    "jbig2": Phrase(
        N_(
            "The pictures are compressed with JBIG2, which may exchange similar "
            "characters (see BSI TR-03138). Set the scanner to another compression."
        ),
    ),
    "text_layer_left_out": Phrase(
        N_("The text could not be laid under the pages of the PDF/A; the search has it."),
    ),
    "converted": Phrase(
        N_("The PDF was converted to reach PDF/A. The original is kept as it came."),
    ),
    "no_rendition": Phrase(
        N_("There is no PDF/A of this document; you get the original as it was received."),
    ),
    # Files that are not taken
    "held_symlink": Phrase(
        N_("This is a link to another file. Links are not taken."),
        N_("Copy the file itself into the folder and remove the link."),
    ),
    "held_fifo": Phrase(
        N_("This is no file but a pipe between programs. It is not taken."),
        N_("Remove it."),
    ),
    "held_special": Phrase(
        N_("This is no ordinary file. It is not taken."),
        N_("Remove it."),
    ),
    "held_folder": Phrase(
        N_("This is a folder. Folders are not taken."),
        N_("Put the files in it directly into the drop folder and remove the folder."),
    ),
    "held_hard_link": Phrase(
        N_(
            "This file lies in another place as well (hard link), so it could change "
            "later. It is not taken."
        ),
        N_("Copy it into the folder instead."),
    ),
    "held_unreadable": Phrase(
        N_("The archive may not read this file."),
        N_("Ask the IT person to check the rights of the drop folder."),
    ),
    "drop_unreadable": Phrase(
        N_("The archive may not read this file."),
        N_("Ask the IT person to check the rights of the drop folder."),
    ),
    "written_on": Phrase(
        N_(
            "When this file had been taken, a program went on writing it. What it holds by now "
            "came back into the drop folder and becomes a document of its own."
        ),
        N_(
            "Look at both. If the newer one is whole, settle this one with “withdraw”; if both "
            "are papers of their own, keep this one with “review accept”."
        ),
    ),
    "drop_changed": Phrase(
        N_("The file changed while it was being taken; it is looked at again."),
    ),
    "drop_vanished": Phrase(
        N_("The file was removed while it was being taken."),
    ),
    "drop_open_for_writing": Phrase(
        N_("A program is still writing the file; it is taken when that has ended."),
    ),
}
