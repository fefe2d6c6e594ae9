"""What people are told, by reason code: what happened, and what to do next.

Promises one row for every code that is raised anywhere (a test compares), in English, the source
language; German stands in the catalogue beside it. Rows are in the order in which people meet them.
"""

from __future__ import annotations

from typing import NamedTuple

from archiver.tongue import N_


class Phrase(NamedTuple):
    """What happened, and what to do next; both may hold ``{parameter}``."""

    message: str
    advice: str = ""


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
    "drop_changed": Phrase(
        N_("The file changed while it was being taken; it is looked at again."),
    ),
    "drop_vanished": Phrase(
        N_("The file was removed while it was being taken."),
    ),
    "drop_open_for_writing": Phrase(
        N_("A program is still writing the file; it is taken when that has ended."),
    ),
    # Refusals
    "wrong_state": Phrase(
        N_("Document {id} is {state}; it cannot become {wanted}."),
        N_("“archiver show {id}” tells its history."),
    ),
    "not_in_review": Phrase(
        N_("Document {id} is not in review but {state}."),
        N_("A filed document is changed with “correct”."),
    ),
    "not_filed": Phrase(
        N_("Document {id} is not filed but {state}."),
        N_("A document in review is settled with “review accept” or “review set”."),
    ),
    "batch_not_ready": Phrase(
        N_("Batch {id} cannot be released: {count} of its documents still wait."),
        N_("“archiver review” lists them."),
    ),
    "batch_part_held": Phrase(
        N_("Batch {id} cannot be released: a hold covers it or one of its documents ({holds})."),
        N_("“archiver hold show” tells why; what is held stays until the hold is lifted."),
    ),
    "document_on_hold": Phrase(
        N_("Document {id} stays as it is: a hold covers it ({holds})."),
        N_("“archiver hold show” tells why; what is held stays until the hold is lifted."),
    ),
    "sample_missing": Phrase(
        N_("Batch {id} cannot be released: no sample stands for {count} of its documents."),
        N_("Draw one with “archiver qc draw --batch {id}” and look at what was drawn."),
    ),
    "sample_running": Phrase(
        N_("Batch {id} cannot be released: sample {sample} has not been looked at to its end."),
        N_("“archiver qc show {sample}” lists what is open."),
    ),
    "sample_failed": Phrase(
        N_("Batch {id} cannot be released: sample {sample} has failed."),
        N_(
            "Settle the bad scans (“archiver review”), then draw anew with “archiver qc draw "
            "--batch {id}”."
        ),
    ),
    "quality_failed": Phrase(
        N_("In quality control the scan was found bad."),
        N_(
            "Scan the paper again and exchange the scan (“archiver replace”), or settle the "
            "document with “review accept” if it can stay."
        ),
    ),
    "not_a_rate": Phrase(
        N_("“{value}” is no share of which a sample can be drawn."),
        N_("Say more than 0 and at most 100 percent, for example: --rate 5%"),
    ),
    "nothing_to_draw": Phrase(
        N_("There is nothing to draw: samples stand for all scans that are filed."),
        N_("“archiver qc list” shows the samples."),
    ),
    "no_such_sample": Phrase(
        N_("No sample is known by “{id}”."),
        N_("“archiver qc list” shows the samples."),
    ),
    "no_sample_runs": Phrase(
        N_("No sample runs."),
        N_("Draw one with “archiver qc draw”, or name an older one (“archiver qc list”)."),
    ),
    "sample_has_ended": Phrase(
        N_("Sample {id} has ended; what it says stands."),
        N_("Draw another one with “archiver qc draw”."),
    ),
    "not_in_sample": Phrase(
        N_("Document {id} was not drawn into this sample."),
        N_("“archiver qc show” lists what was drawn."),
    ),
    "already_checked": Phrase(
        N_("Document {id} has been looked at already."),
        N_("“archiver qc show” tells what was found. A scan called good may still be failed."),
    ),
    "checker_is_bringer": Phrase(
        N_("Document {id} must be checked by somebody else than the one who brought it."),
        N_("Ask a colleague; “[quality] other_person” in config.toml asks for it."),
    ),
    "pass_what": Phrase(
        N_("It is not said which scans are good."),
        N_("Name documents of the sample, or say --all, not both."),
    ),
    "no_note_of_destroyed": Phrase(
        N_("Document {id} is destroyed; there is nothing left of which a note could be made."),
        N_("“archiver show {id}” tells its history."),
    ),
    "not_a_batch": Phrase(
        N_("{id} is no batch that was divided, but {state}."),
        N_("“archiver show {id}” tells its history."),
    ),
    "not_a_setting": Phrase(
        N_("“{value}” says nothing; a value is given as name=value."),
        N_("For example: class=invoice date=12.3.2024"),
    ),
    "unknown_setting": Phrase(
        N_("A document has no value called “{field}”."),
        N_("Known are: {known}"),
    ),
    "same_scan": Phrase(
        N_("The new file is the same scan, byte for byte; nothing was changed."),
        N_("Scan the paper again."),
    ),
    "merge_needs_two": Phrase(
        N_("Joining needs at least two different documents, and exactly two with --backs."),
        N_("For example: archiver review merge 01JB2Q8T 01JB2Q9M"),
    ),
    "nothing_to_set": Phrase(
        N_("Nothing was said that could be set."),
        N_("For example: class=invoice date=12.3.2024"),
    ),
    "class_missing": Phrase(
        N_("The class is empty."),
        N_("A document without a class has class=unclassified."),
    ),
    "not_a_date": Phrase(
        N_("“{value}” is no date."),
        N_("Write it as 31.12.2026 or 2026-12-31."),
    ),
    "not_an_amount": Phrase(
        N_("“{value}” is no amount."),
        N_("Write it as 1.234,56."),
    ),
    "not_an_iban": Phrase(
        N_("“{value}” is no IBAN: its check digits are wrong."),
        N_("Compare it with the paper, digit by digit."),
    ),
    "not_in_quarantine": Phrase(
        N_("Document {id} is not in quarantine but {state}."),
        N_("A document that was dropped by mistake is taken back with “withdraw”."),
    ),
    "not_allowed": Phrase(
        N_("You may not do this here."),
        N_("Ask the IT person to put you into the right group."),
    ),
    "not_your_folder": Phrase(
        N_("You may not add to the folder “{pipeline}”."),
        N_("Choose one of yours, or ask the IT person."),
    ),
    "locked": Phrase(
        N_("Another archiver process is using this archive."),
        N_("Wait until it has ended, or stop the daemon."),
    ),
    "daemon_needed": Phrase(
        N_(
            "The archive's daemon is not running, and only its owner may open the "
            "archive without it."
        ),
        N_("Ask the IT person to start the service."),
    ),
    "not_the_owner": Phrase(
        N_(
            "This archive belongs to {owner}; opening it as root would leave files "
            "that {owner} cannot write."
        ),
        N_("Run the command as that user: sudo -u {owner} archiver …"),
    ),
    "daemon_runs": Phrase(
        N_("This cannot be done while the daemon runs."),
        N_("Stop the daemon first."),
    ),
    "daemon_gone": Phrase(
        N_("The daemon ended the conversation."),
        N_("Look at its log, start it again, and repeat the command."),
    ),
    "no_access": Phrase(
        N_("You have no access to the archive in {folder}."),
        N_("Ask the IT person for the rights."),
    ),
    "archive_exists": Phrase(
        N_("There is an archive already: {path}"),
        N_("Choose another folder."),
    ),
    "folder_not_empty": Phrase(
        N_("The folder {folder} is not empty."),
        N_("Choose an empty or a new folder."),
    ),
    "folder_unwritable": Phrase(
        N_("The folder {folder} cannot be written."),
        N_("Choose another folder or correct its rights."),
    ),
    "output_exists": Phrase(
        N_("There is a file already: {path}. It was not overwritten."),
        N_("Choose another name."),
    ),
    "output_unwritable": Phrase(
        N_("{path} cannot be written."),
        N_("Choose another place."),
    ),
    # Disclosure to those who have a right to see papers
    "ground_unknown": Phrase(
        N_("“{value}” names no ground for which something may be withheld."),
        N_("Write WORD=GROUND; grounds: {known}."),
    ),
    "region_unreadable": Phrase(
        N_("“{value}” does not name a place on a page."),
        N_("Write ID:PAGE:LEFT,TOP,RIGHT,BOTTOM=GROUND, in millimetres."),
    ),
    "pages_unreadable": Phrase(
        N_("“{value}” does not name pages."),
        N_("Write ID:PAGE, or ID:PAGE,PAGE for several."),
    ),
    "request_unreadable": Phrase(
        N_("The request {path} cannot be read: {error}"),
        N_("Correct it at that place, or have a new one written by “disclose look --write”."),
    ),
    "basis_missing": Phrase(
        N_("Nobody has said on which legal basis the copies are given."),
        N_("Add --basis, or fill in “basis” in the request."),
    ),
    "recipient_missing": Phrase(
        N_("Nobody has said who gets the copies."),
        N_("Add --to, or fill in “recipient” in the request."),
    ),
    "not_disclosable": Phrase(
        N_("Document {id} cannot be given: its state is “{state}”."),
        N_("Settle it first, or leave it out and tell the applicant so."),
    ),
    "paper_changed": Phrase(
        N_("Document {id} was scanned or read anew since the request was written."),
        N_("Have a new request written by “disclose look --write”, and decide anew."),
    ),
    "no_such_disclosure": Phrase(
        N_("There is no disclosure {id}."),
        N_("“archiver disclose list” names them all."),
    ),
    "package_gone": Phrase(
        N_("The package of disclosure {id} is no longer here: it was fetched, or waited too long."),
        N_("Give the copies once more; that is noted as a disclosure of its own."),
    ),
    "package_damaged": Phrase(
        N_("The package did not arrive as it was made: {path}. It was thrown away."),
        N_("Fetch it once more."),
    ),
    "nothing_to_disclose": Phrase(
        N_("No document was named."),
        N_("Name the documents that are to be disclosed."),
    ),
    "disclosed_twice": Phrase(
        N_("Document {id} is named twice."),
        N_("Name each document once."),
    ),
    "term_empty": Phrase(
        N_("There is no letter and no digit in one of the words to be blackened."),
        N_("Take it out or correct it."),
    ),
    "region_outside": Phrase(
        N_("A place to be blackened does not lie on page {page} of document {id}."),
        N_("Measure it again from the upper left corner of the upright page."),
    ),
    "find_unknown": Phrase(
        N_("There is no find {key}: the documents or the words are no longer the same."),
        N_("Look again what would be blackened, and decide anew."),
    ),
    "finds_undecided": Phrase(
        N_("{count} places are uncertain; nobody has said whether they are to be blackened."),
        N_("Look at them and decide for each: blacken or leave."),
    ),
    "page_not_looked_through": Phrase(
        N_("Page {page} of document {id} could not be read by the machine."),
        N_("Look it through, mark what is to be blackened, and say that you have done so."),
    ),
    "not_read_yet": Phrase(
        N_("Document {id} has not been read yet."),
        N_("Wait until it is filed, or settle what holds it up."),
    ),
    "redaction_failed": Phrase(
        N_("No blackened copy of document {id} can be made."),
        N_("Make it by hand on paper, and tell the IT person."),
    ),
    "redaction_leak": Phrase(
        N_(
            "The blackened copy of document {id} did not pass its check ({check}, page "
            "{page}): something may still be readable. It was thrown away."
        ),
        N_("Look at this page and mark the place itself; recognition may have misread it."),
    ),
    # Exchange with the state archive
    "reply_zip_bad": Phrase(
        N_("The zip cannot be read, or it does not hold exactly one message (.xml)."),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_too_large": Phrase(
        N_("The answer is larger than the limit of {limit} MiB; it was not read."),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_not_xml": Phrase(
        N_("The answer is no well-formed XML (line {line})."),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_dtd": Phrase(
        N_(
            "The answer has a document type (DOCTYPE) of its own, with which it could reach for "
            "other files; it was not read."
        ),
        N_("Ask the archive for the answer without a DOCTYPE."),
    ),
    "reply_too_complex": Phrase(
        N_(
            "The answer is built in a way that no message is: too deep, or with values that "
            "are too long."
        ),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_other_message": Phrase(
        N_("This is no message {wanted} of xdomea, but “{found}”."),
        N_("Take the file with {wanted} in its name."),
    ),
    "reply_unknown_version": Phrase(
        N_("The answer is written in a version of xdomea that cannot be read: {found}"),
        N_("Ask the archive for 3.1.0 or 4.0.0."),
    ),
    "reply_field_missing": Phrase(
        N_("The answer lacks “{field}”."),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_field_twice": Phrase(
        N_("The answer says “{field}” more than once."),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_field_bad": Phrase(
        N_("In the answer “{field}” has a value that the standard does not have: {value}"),
        N_("Ask the archive to send its answer again."),
    ),
    "reply_other_version": Phrase(
        N_("The answer is written in xdomea {found}, the batch in {wanted}."),
        N_("Take the answer that belongs to this batch."),
    ),
    "reply_other_process": Phrase(
        N_("The answer belongs to process {found}, this batch is {wanted}."),
        N_("Take the answer that belongs to this batch."),
    ),
    "reply_other_origin": Phrase(
        N_("The answer answers message {found}; {wanted} was sent."),
        N_("Take the answer that belongs to this batch."),
    ),
    "reply_other_part": Phrase(
        N_("The answer is for part {found} of the batch, not for part {wanted}."),
        N_("Take the answer that belongs to this batch."),
    ),
    "reply_other_sender": Phrase(
        N_("The answer was sent by “{found}”, not by “{wanted}”."),
        N_("If it is the right one, note the name as an alias in the settings."),
    ),
    "reply_other_receiver": Phrase(
        N_("The answer is addressed to “{found}”, not to “{wanted}”."),
        N_("If it is the right one, note the name as an alias in the settings."),
    ),
    "reply_about_unknown": Phrase(
        N_("The answer speaks of {uuid}, which was not sent."),
        N_("Ask the archive what is meant."),
    ),
    "reply_about_part": Phrase(
        N_("The answer speaks of a single document inside {id}; only whole items can be decided."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_missing": Phrase(
        N_("The archive has not decided about {id}."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_contradictory": Phrase(
        N_("The archive has decided differently about {id}, in one answer or in two."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_undecided": Phrase(
        N_("The archive has not yet made up its mind about {id} (B)."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_unclear": Phrase(
        N_("The archive has decided about {id} in words of its own, not with A or V."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "import_missing": Phrase(
        N_("The archive does not say whether {id} has arrived."),
        N_("Ask the archive. Until then it is kept."),
    ),
    "import_contradictory": Phrase(
        N_("The archive says both that {id} has arrived and that it has not."),
        N_("Ask the archive. Until then it is kept."),
    ),
    "import_failed": Phrase(
        N_("The archive could not import {id}."),
        N_("Its answer tells why. Mend that and hand it over again; until then it is kept."),
    ),
    "export_empty": Phrase(
        N_("There is nothing to hand over: the archive takes no item."),
        N_("Read in the appraisal first, or end the batch."),
    ),
    "export_running": Phrase(
        N_("A batch is being written into {path} already."),
        N_("Wait until it is done."),
    ),
    "export_other_batch": Phrase(
        N_("Another batch was begun under the same number: {path}"),
        N_("Finish that one, or remove its journal and its folder ending in .part."),
    ),
    "export_source_changed": Phrase(
        N_("The file {file} is not what it was when the batch was proposed."),
        N_(
            "Run “archiver verify”. What was written before it is kept; the export goes on once "
            "the file is right again."
        ),
    ),
    "export_written_wrong": Phrase(
        N_("The disk did not keep what was written: {file}"),
        N_("Write the batch to another disk and have this one checked."),
    ),
    "export_no_bag": Phrase(
        N_("{path} is no exported batch."),
        N_("Give the folder in which bagit.txt lies."),
    ),
    "export_file_missing": Phrase(
        N_("{path} is missing."),
        N_("Take the batch from another copy, or export it again."),
    ),
    "export_file_changed": Phrase(
        N_("{path} is not what was written."),
        N_("Take the batch from another copy, or export it again."),
    ),
    "export_member_changed": Phrase(
        N_("In {path} the file {member} is not what was written."),
        N_("Take the batch from another copy, or export it again."),
    ),
    "export_document_changed": Phrase(
        N_("Document {id}: its file {member} in {path} is not what was written."),
        N_("Take the batch from another copy, or export it again."),
    ),
    "export_file_unlisted": Phrase(
        N_("{path} was not there when the batch was written."),
        N_("Find out who put it there; the batch itself is whole."),
    ),
    "export_manifest_damaged": Phrase(
        N_("The list of digests {path} is damaged."),
        N_("Take the batch from another copy, or export it again."),
    ),
    # Words that cannot be taken as they are
    "no_such_document": Phrase(
        N_("No document is known by the number {id}."),
        N_("“archiver search” finds numbers."),
    ),
    "id_not_unique": Phrase(
        N_("More than one document begins with {id}."),
        N_("Give more of the number."),
    ),
    "no_such_file": Phrase(
        N_("There is no file {file}."),
        N_("Check the name."),
    ),
    "file_unreadable": Phrase(
        N_("The file cannot be read."),
        N_("Check its rights."),
    ),
    "unknown_pipeline": Phrase(
        N_("There is no drop folder named {pipeline}."),
        N_("The files in “pipelines” name them."),
    ),
    "bad_name": Phrase(
        N_("The name of the file cannot be read."),
    ),
    "reason_missing": Phrase(
        N_("A reason is needed."),
        N_("Give it with --reason, in your words."),
    ),
    "reason_repeats": Phrase(
        N_("The reason says a word that is to be taken away."),
        N_("Give a reason without it, for the reason stays in the archive."),
    ),
    "not_a_number": Phrase(
        N_("{value} is not a number."),
    ),
    "query_empty": Phrase(
        N_("There is nothing to search for."),
        N_("Give a word; * finds everything."),
    ),
    "query_too_long": Phrase(
        N_("The query is too long ({length} characters)."),
        N_("Shorten it."),
    ),
    "limit_out_of_range": Phrase(
        N_("Between 1 and {most} hits can be shown, not {limit}."),
        N_("Give another --limit."),
    ),
    "query_too_deep": Phrase(
        N_("The query has too many brackets within brackets (more than {limit})."),
        N_("Simplify it."),
    ),
    "query_bracket_unexpected": Phrase(
        N_("There is a “{met}” at position {position} that does not fit."),
        N_("Remove it, or open a bracket before it."),
    ),
    "query_bracket_open": Phrase(
        N_("The bracket at position {position} is not closed."),
        N_("Add “)”."),
    ),
    "query_quote_open": Phrase(
        N_("The quotation mark at position {position} is not closed."),
        N_("Add a quotation mark."),
    ),
    "query_value_missing": Phrase(
        N_("After “{field}:” at position {position} a value is missing."),
        N_("Write it directly after the colon, without a space."),
    ),
    "query_star_inside": Phrase(
        N_(
            "In “{met}” at position {position} a * stands where none can: it is "
            "understood only at the end of a word."
        ),
        N_("Write the beginning of the word and * behind it."),
    ),
    "query_operand_missing": Phrase(
        N_("At position {position} a word is missing before “{met}”."),
        N_("Write words on both sides of AND and OR."),
    ),
    "bad_date": Phrase(
        N_("“{met}” at position {position} is no date."),
        N_("Write 31.12.2026, 12.2026, 2026, or a range such as 01.01.2026..31.03.2026."),
    ),
    "unknown_field": Phrase(
        N_("There is no field “{field}” (position {position})."),
        N_("Fields are: {known}. To search for the word itself, put it in quotation marks."),
    ),
    "unknown_state": Phrase(
        N_("There is no state “{state}” (position {position})."),
        N_("States are: {known}."),
    ),
    # The system
    "disk_full": Phrase(
        N_("The disk is full. Nothing is lost; work goes on when there is space again."),
        N_("Free space on the archive's disk."),
    ),
    "storage_failed": Phrase(
        N_("The disk reports a fault. Work waits and tries again."),
        N_("Check the disk and the system's log."),
    ),
    "machine_fault": Phrase(
        N_(
            "The machine refuses something that is needed ({error}). No document is "
            "to blame; it is tried again."
        ),
        N_("Look at the log and at the limits of the service (memory, open files)."),
    ),
    "catalogue_locked": Phrase(
        N_("The catalogue is in use by another program."),
        N_("End that program; work tries again."),
    ),
    "catalogue_damaged": Phrase(
        N_("The catalogue is damaged. Vault and ledger are not concerned."),
        N_("Stop the daemon and run “archiver rebuild”."),
    ),
    "catalogue_ahead": Phrase(
        N_(
            "The catalogue knows {catalogue} ledger lines, but the ledger has only "
            "{ledger}: a part of the ledger is missing."
        ),
        N_("Bring the ledger back from the back-up, then run “archiver verify”."),
    ),
    "catalogue_differs": Phrase(
        N_("From ledger line {seq} on, the catalogue does not fit the ledger."),
        N_("Stop the daemon and run “archiver rebuild”."),
    ),
    "ledger_broken": Phrase(
        N_("The ledger cannot be read in {file}, line {seq}."),
        N_("Bring the file back from the back-up, then run “archiver verify”."),
    ),
    # Seals of the ledger
    "seal_unreadable": Phrase(
        N_("The seal of {day} cannot be read."),
        N_("Bring its file back from the back-up or from where copies of the seals are kept."),
    ),
    "seal_forged": Phrase(
        N_("The seal of {day} is forged: its signature does not belong to what it says."),
        N_("Tell the IT person and the archivist. Compare it with a copy from the back-up."),
    ),
    "seal_key_unknown": Phrase(
        N_("The seal of {day} is from a key that is not known here."),
        N_("If the key was changed, put the old public key (.pub) beside the new one."),
    ),
    "seal_link_broken": Phrase(
        N_("The seal of {day} does not follow the one before: a seal is missing or was replaced."),
        N_("Bring the seals back from the back-up, then run “archiver verify”."),
    ),
    "seal_missing_day": Phrase(
        N_("There is no seal of {day}."),
        N_("If there was one, bring it back from the back-up. Later seals cover that day too."),
    ),
    "seal_not_in_ledger": Phrase(
        N_("The ledger is not the one that was sealed on {day}: its line {seq} is another."),
        N_("Tell the archivist, and compare ledger and seals with the back-up."),
    ),
    "seal_chain_broken": Phrase(
        N_("The ledger's chain breaks at line {seq}; seals after it prove nothing before it."),
        N_("Bring the ledger back from the back-up, then run “archiver verify”."),
    ),
    "seal_exchanged": Phrase(
        N_("The seal of {day} is not the one that the ledger tells of."),
        N_("Bring the seals back from the back-up, then run “archiver verify”."),
    ),
    "seals_unwritable": Phrase(
        N_("The folder of the seals, {folder}, cannot be written."),
        N_("Give it to the owner of the archive: chown -R."),
    ),
    "head_not_in_ledger": Phrase(
        N_("The printed head is not in the ledger: its line {seq} is another one or missing."),
        N_("Compare the ledger with the back-up, and tell the archivist."),
    ),
    "not_a_head": Phrase(
        N_("{value} is no head of a ledger."),
        N_("It looks like 4711-ab12-cd34-ef56-7890-ab12, as “archiver ledger head” prints it."),
    ),
    "procedure_form": Phrase(
        N_("{path} ends neither in .pdf nor in .md."),
        N_("The ending of the file says what is written: PDF/A or Markdown."),
    ),
    "not_a_web_address": Phrase(
        N_("{value} is no address that begins with http:// or https://"),
    ),
    "timestamp_ca_missing": Phrase(
        N_("a time-stamp authority is asked, but its certificates are not named"),
    ),
    "seal_day_not_over": Phrase(
        N_("The day {day} is not over, so it cannot be sealed yet."),
        N_("Nothing needs to be done: it is sealed on the next day."),
    ),
    "seal_out_of_order": Phrase(
        N_("The day {day} cannot be sealed any more: {newest} is sealed already and covers it."),
    ),
    "seal_key_lost": Phrase(
        N_("The key for seals, {path}, is gone, but its public key is there."),
        N_(
            "Bring it back from the back-up. If it is lost for good, rename the public key, for "
            "instance to “seal-2026.pub”; then a new key is made."
        ),
    ),
    "seal_key_mismatch": Phrase(
        N_("The public key {path} does not belong to the private one beside it."),
        N_("Bring both back from the back-up."),
    ),
    "seal_key_open": Phrase(
        N_("The key for seals, {path}, can be read by others than its owner."),
        N_("Ask who has had it. “chmod 600” closes it; in doubt, begin with a new key."),
    ),
    "seal_key_unreadable": Phrase(
        N_("{path} cannot be read as a key for seals."),
        N_("Bring it back from the back-up."),
    ),
    "timestamp_roots_unreadable": Phrase(
        N_("{path} cannot be read as certificates of a time-stamp authority."),
        N_("Give a file in PEM with the certificates that the authority publishes."),
    ),
    "timestamp_unreachable": Phrase(
        N_("The time-stamp authority {host} gave no answer ({error})."),
        N_("It is asked again, at the latest in an hour; a later stamp covers this day too."),
    ),
    "timestamp_too_large": Phrase(
        N_("The answer of the time-stamp authority {host} is too large, so it was not read."),
        N_("Check the address of the authority in config.toml."),
    ),
    "timestamp_refused": Phrase(
        N_("The time-stamp authority {host} did not grant the stamp."),
        N_("Ask the authority whether the archive may use it."),
    ),
    "timestamp_unreadable": Phrase(
        N_("The time stamp cannot be read ({host})."),
        N_("If it is a kept one, bring it back from the back-up; else check the address."),
    ),
    "timestamp_other_seal": Phrase(
        N_("The time stamp is not for this seal ({host})."),
        N_("If it is a kept one, bring it back from the back-up; else ask the authority."),
    ),
    "timestamp_not_asked_for": Phrase(
        N_("The time-stamp authority {host} answered another question than ours."),
        N_("Somebody between may be repeating old answers. Tell the IT person."),
    ),
    "timestamp_forged": Phrase(
        N_("The time stamp is not signed by an authority that is trusted here ({host})."),
        N_("Check the certificates of the authority in config.toml, then ask the authority."),
    ),
    "timestamp_wrong_time": Phrase(
        N_("The time stamp tells another time than the clock of this machine ({host})."),
        N_("Check the machine's clock first, then ask the authority."),
    ),
    "ledger_span_empty": Phrase(
        N_("The ledger has no lines in that span."),
        N_("Choose other days or numbers."),
    ),
    "ledger_changed": Phrase(
        N_("Another program has changed the ledger file {file}."),
        N_("Bring it back from the back-up, then run “archiver verify”."),
    ),
    "vault_missing": Phrase(
        N_("There is no vault at {path}."),
        N_("Check the configuration, or bring the vault back from the back-up."),
    ),
    "vault_layout": Phrase(
        N_("The folder {path} is not a vault of this product."),
        N_("Check the configuration."),
    ),
    "object_damaged": Phrase(
        N_("The stored object {id} is damaged."),
        N_("Bring it back from the back-up, then run “archiver verify”."),
    ),
    "object_exists": Phrase(
        N_("The object {id} is in the vault already."),
        N_("Run “archiver verify” and tell the maker."),
    ),
    "source_changed": Phrase(
        N_("A file in the stage changed while it was being stored."),
        N_("It is tried again by itself."),
    ),
    "stage_elsewhere": Phrase(
        N_("The stage {path} is not on the vault's disk."),
        N_("Put both on one file system."),
    ),
    "stage_unwritable": Phrase(
        N_("The stage {folder} cannot be written."),
        N_("Correct its rights."),
    ),
    "inbox_unwritable": Phrase(
        N_(
            "The drop folder {folder} cannot be written, so clerks see no notices and "
            "files cannot be taken."
        ),
        N_("Correct its rights or bring the share back."),
    ),
    "inbox_unreadable": Phrase(
        N_("The drop folder {folder} cannot be read."),
        N_("Correct its rights or bring the share back."),
    ),
    "released_unwritable": Phrase(
        N_("The folder {folder} for taken drops cannot be written."),
        N_("Correct its rights."),
    ),
    "watch_network_folder": Phrase(
        N_(
            "{folder} is on a network drive, whose changes nobody reports; it is "
            "looked at regularly instead."
        ),
        N_('Set [inbox] watch = "poll".'),
    ),
    "watch_folder_gone": Phrase(
        N_("The drop folder {folder} is not there."),
        N_("Bring the share back."),
    ),
    "watch_limit_reached": Phrase(
        N_(
            "The system watches too many folders already; the drop folders are looked "
            "at regularly instead."
        ),
        N_("Raise fs.inotify.max_user_instances and max_user_watches."),
    ),
    "watch_unavailable": Phrase(
        N_("Changes of the drop folders are not reported; they are looked at regularly instead."),
    ),
    "engine_missing": Phrase(
        N_("The recognition engine {engine} is not there."),
        N_("Install it; “archiver check” tells what is missing."),
    ),
    "language_missing": Phrase(
        N_("The language {language} of the recognition engine is not there."),
        N_("Install its package, e.g. tesseract-ocr-deu."),
    ),
    "engine_died": Phrase(
        N_("The recognition engine ended unexpectedly; it is started again."),
    ),
    "engine_timeout": Phrase(
        N_("The recognition engine took too long for a page; it is started again."),
    ),
    "engine_failed": Phrase(
        N_("The recognition engine cannot be started."),
        N_("Run “archiver check”."),
    ),
    "reader_failed": Phrase(
        N_("The process that opens received files cannot be started."),
        N_("Run “archiver check”."),
    ),
    "projection_failed": Phrase(
        N_("Part of the daemon failed ({part}); it tries again."),
        N_("Look at the log for the trace."),
    ),
    "socket_failed": Phrase(
        N_("The socket {path} cannot be made."),
        N_("Choose a shorter path ([places] socket) in a folder that the service may write."),
    ),
    "index_damaged": Phrase(
        N_("The search index in {folder} is damaged or of another version."),
        N_("Run “archiver reindex”."),
    ),
    "index_busy": Phrase(
        N_("Another process is writing the search index in {folder}."),
        N_("Wait until it has ended."),
    ),
    "index_write_failed": Phrase(
        N_(
            "The search index in {folder} could not be written. Documents are safe; it "
            "is tried again."
        ),
        N_("Check space and rights."),
    ),
    "engine_unknown": Phrase(
        N_("There is no search engine {engine}; known are {known}."),
        N_("Correct [search] engine."),
    ),
    "mail_unreachable": Phrase(
        N_(
            "The mail server {host}:{port} cannot be reached ({error}), so the daily summary "
            "waits; it is tried again."
        ),
        N_("Check [review] mail_host and mail_port, and whether the server runs."),
    ),
    "mail_refused": Phrase(
        N_("The mail server does not take the daily summary (answer {code}); it is tried again."),
        N_("Ask who looks after the mail server; it must take mail of [review] mail_from."),
    ),
    "mail_address_refused": Phrase(
        N_(
            "The mail server refuses {addresses} (answer {code}); the daily summary is tried "
            "again there."
        ),
        N_("Check [review] mail_to."),
    ),
    "mail_unsure": Phrase(
        N_(
            "It is not known whether the summary of {day} went out: the connection broke while "
            "it was handed over. It is not sent a second time."
        ),
        N_("Look into the mailbox, or type “archiver review”."),
    ),
    "bug": Phrase(
        N_("A fault in the program. Nothing is lost."),
        N_("The log has the trace; please send it to the maker."),
    ),
    # Configuration
    "config_problems": Phrase(
        N_("The configuration has {count} problem(s):"),
    ),
    "config_not_found": Phrase(
        N_("there is no configuration; “archiver init DIR” makes one"),
    ),
    "file_missing": Phrase(
        N_("the file is missing"),
    ),
    "not_toml": Phrase(
        N_("this is not TOML: {detail}"),
    ),
    "unknown_key": Phrase(
        N_("this key is not known"),
    ),
    "wrong_type": Phrase(
        N_("the value has the wrong type; wanted: {wanted}"),
    ),
    "key_missing": Phrase(
        N_("this key is missing"),
    ),
    "no_pipeline": Phrase(
        N_("there is no pipeline; at least one file pipelines/NAME.toml is needed"),
    ),
    "bad_folder_name": Phrase(
        N_("“{value}” cannot be the name of a drop folder"),
    ),
    "folder_taken": Phrase(
        N_("the drop folder “{value}” belongs to {other} already"),
    ),
    "key_twice": Phrase(
        N_("the class “{value}” stands here twice"),
    ),
    "phrase_taken": Phrase(
        N_("the words “{value}” belong to the class “{other}” already"),
    ),
    "phrase_too_short": Phrase(
        N_("“{value}” is too short; at least three letters or digits are needed"),
    ),
    "folder_missing": Phrase(
        N_("the folder {folder} is missing"),
    ),
    "socket_path_long": Phrase(
        N_(
            "the path is too long for a socket (at most {most} bytes); set [places] "
            "socket to a shorter one"
        ),
    ),
    "not_positive": Phrase(
        N_("the value must be above zero, not {value}"),
    ),
    "negative": Phrase(
        N_("the value must not be below zero, not {value}"),
    ),
    "bad_languages": Phrase(
        N_("“{value}” is no list of languages such as deu or deu+eng"),
    ),
    "unknown_basis": Phrase(
        N_("“{value}” is nothing on which an answer rests; known are: {known}"),
    ),
    "not_a_time": Phrase(
        N_("“{value}” is no time of day such as 06:30"),
    ),
    "port_out_of_range": Phrase(
        N_("the port must lie between 1 and {most}, not {value}"),
    ),
    "not_an_address": Phrase(
        N_("“{value}” is no e-mail address such as archive@musterbach.de"),
    ),
    "class_not_planned": Phrase(
        N_("the filing plan has no class “{value}”"),
    ),
    "half_a_key": Phrase(
        N_("prefix and key belong together: name both or neither"),
    ),
    "not_a_percentage": Phrase(
        N_("a share lies between 0 and 100, not {value}"),
    ),
    # What the check-up finds
    "check_engine": Phrase(
        N_("Recognition engine: {engine}, Tesseract {version}"),
    ),
    "check_engine_missing": Phrase(
        N_("The recognition engine {engine} cannot be used."),
        N_("apt install tesseract-ocr tesseract-ocr-deu"),
    ),
    "check_languages": Phrase(
        N_("Languages of recognition: {languages}"),
    ),
    "check_language_missing": Phrase(
        N_("A language of recognition is missing: {language}"),
        N_("apt install tesseract-ocr-deu, or correct [ocr] languages"),
    ),
    "check_osd_missing": Phrase(
        N_("Pages that lie on their head are not recognised as such (model osd is missing)."),
        N_("apt install tesseract-ocr-osd"),
    ),
    "check_latin_missing": Phrase(
        N_("The sign § is not read (model Latin is missing)."),
        N_("apt install tesseract-ocr-script-latn"),
    ),
    "check_program": Phrase(
        N_("Program {program} is there"),
    ),
    "check_program_missing": Phrase(
        N_("The program {program} is missing."),
        N_("apt install {package}"),
    ),
    "check_gs_missing": Phrase(
        N_("Ghostscript is missing: some born-digital PDFs will have no PDF/A."),
        N_("apt install ghostscript"),
    ),
    "check_library": Phrase(
        N_("Library {library} {version}"),
    ),
    "check_cage": Phrase(
        N_("Received files are opened in a cage ({cage})"),
    ),
    "check_cage_missing": Phrase(
        N_(
            "Bubblewrap does not work here: received files are opened with limits of "
            "time, memory and size, but can see the machine."
        ),
        N_("apt install bubblewrap, and allow user namespaces"),
    ),
    "check_cage_off": Phrase(
        N_("The cage is switched off: received files are opened with limits only."),
        N_('[work] cage = "auto"'),
    ),
    "check_folders": Phrase(
        N_("All folders can be written"),
    ),
    "check_folder_denied": Phrase(
        N_("This user may not write into {folder}."),
        N_("Run the check as the archive's owner, or correct the rights."),
    ),
    "check_stage_elsewhere": Phrase(
        N_("The stage is not on the vault's disk."),
        N_("Put [places] stage and vault on one file system."),
    ),
    "check_space": Phrase(
        N_("Free space: {free} GiB"),
    ),
    "check_space_little": Phrase(
        N_("Only {free} GiB are free."),
        N_("Plan for more space."),
    ),
    "check_space_gone": Phrase(
        N_("Only {free} GiB are free; soon nothing can be taken."),
        N_("Free space now."),
    ),
    "check_daemon": Phrase(
        N_("The daemon answers"),
    ),
    "check_daemon_off": Phrase(
        N_("The daemon is not running."),
        N_("systemctl start archiver, or “archiver run”"),
    ),
    # What verification finds
    "audit_missing_file": Phrase(
        N_("Object {id}: the file {path} is missing."),
    ),
    "audit_changed_file": Phrase(
        N_("Object {id}: the file {path} is not what was stored."),
    ),
    "audit_unreadable_file": Phrase(
        N_("Object {id}: the file {path} cannot be read."),
    ),
    "audit_extra_file": Phrase(
        N_("Object {id}: the file {path} does not belong there."),
    ),
    "audit_extra_folder": Phrase(
        N_("Object {id}: the folder {path} does not belong there."),
    ),
    "audit_bad_declaration": Phrase(
        N_("Object {id}: its declaration {path} is wrong."),
    ),
    "audit_bad_inventory": Phrase(
        N_("Object {id}: its inventory {path} is wrong."),
    ),
    "audit_bad_sidecar": Phrase(
        N_("Object {id}: the digest of its inventory {path} is wrong."),
    ),
    "audit_wrong_id": Phrase(
        N_("Object {id}: it lies in another object's place ({path})."),
    ),
    "audit_no_object": Phrase(
        N_("Document {id} is in the ledger, but not in the vault."),
    ),
    "audit_unknown_object": Phrase(
        N_("Object {id} is in the vault, but not in the ledger."),
    ),
    "audit_certificate_differs": Phrase(
        N_("Certificate {id}: the file {path} is not the one that the ledger tells of."),
    ),
    "audit_bad_root": Phrase(
        N_("The vault's own file {path} is wrong."),
    ),
    "audit_ledger_line_unreadable": Phrase(
        N_("Ledger: a line cannot be read ({path})."),
    ),
    "audit_ledger_line_missing": Phrase(
        N_("Ledger: a line is missing ({path})."),
    ),
    "audit_ledger_line_out_of_place": Phrase(
        N_("Ledger: a line stands in the wrong place ({path})."),
    ),
    "audit_ledger_line_changed": Phrase(
        N_("Ledger: a line was changed ({path})."),
    ),
    "audit_ledger_tail_missing": Phrase(
        N_("Ledger: the last lines are missing ({path})."),
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
        N_("There is too little to learn from: {examples} examples of {classes} classes."),
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
    "due_before_issue": Phrase(
        N_("The invoice is due before its date."),
    ),
    "bad_iban": Phrase(
        N_("The account number (IBAN) has a wrong check digit."),
    ),
    "bad_vat_id": Phrase(
        N_("The VAT id has a wrong check digit."),
    ),
    # Retention: rules and holds
    "rules_out_of_order": Phrase(
        N_("Version {version} of the rule of class “{key}” is not newer than the one before."),
        N_("Tell the IT person: run “archiver verify”. Until then nothing may be disposed of."),
    ),
    "rule_not_newer": Phrase(
        N_("Class “{key}” has a rule from {since}; an earlier one cannot follow it."),
        N_("Let the new filing plan count from that day or a later one."),
    ),
    "rule_unknown": Phrase(
        N_("Version {version} of the rule of class “{key}” does not exist or changes nothing old."),
        N_("Look which versions wait for a confirmation and name one of them."),
    ),
    "plan_not_adopted": Phrase(
        N_("No filing plan has been adopted yet, so no version of a rule can be confirmed."),
        N_("Adopt it first: “archiver retention adopt”."),
    ),
    "is_destroyed": Phrase(
        N_("Document {id} is destroyed; no period runs for it any more."),
        N_("“archiver show {id}” tells its history."),
    ),
    # Dossiers
    "no_such_dossier": Phrase(
        N_("There is no dossier “{reference}”."),
        N_("“archiver dossier list” shows all there are, with those that papers propose."),
    ),
    "dossier_only_proposed": Phrase(
        N_("“{reference}” is only proposed by papers; nobody has opened the dossier."),
        N_("Open it first: “archiver dossier open”."),
    ),
    "reference_missing": Phrase(
        N_("A dossier needs a reference."),
        N_("Name the reference under which it is known."),
    ),
    "dossier_class_unknown": Phrase(
        N_("No paper says to which class dossier “{reference}” belongs."),
        N_("Name it with --class."),
    ),
    "dossier_exists": Phrase(
        N_("Dossier “{reference}” exists already."),
        N_("Look at it with “archiver dossier show”; a closed one can be reopened."),
    ),
    "dossier_is_closed": Phrase(
        N_("Dossier “{reference}” is not open, so no paper goes into it or out of it."),
        N_("Reopen it (“archiver dossier reopen”), or name another dossier: dossier=REFERENCE."),
    ),
    "dossier_is_gone": Phrase(
        N_("Dossier {id} is no longer led ({state})."),
        N_("“archiver dossier show” tells what became of it."),
    ),
    "dossier_in_batch": Phrase(
        N_("Dossier “{reference}” is in batch of disposition {batch} and cannot be changed."),
        N_("Take it out of the batch first, or wait until the batch has ended."),
    ),
    "dossier_unsettled": Phrase(
        N_("Papers of dossier “{reference}” are not filed yet: {count}"),
        N_("Decide them first (“archiver review”)."),
    ),
    "dossier_closed": Phrase(
        N_("The dossier that this paper names is closed or already on its way out."),
        N_(
            "Reopen the dossier (“archiver dossier reopen”) and accept the paper, or accept it "
            "into another one: dossier=REFERENCE."
        ),
    ),
    "closed_in_future": Phrase(
        N_("A dossier cannot be closed on a day to come ({on})."),
        N_("Name today or an earlier day."),
    ),
    "merge_into_itself": Phrase(
        N_("A dossier cannot be merged into itself."),
        N_("Name two different dossiers."),
    ),
    "unknown_event": Phrase(
        N_("Nothing that can happen to a dossier is called “{value}”."),
        N_("There are: {known}"),
    ),
    "document_in_batch": Phrase(
        N_("Document {id} is in batch of disposition {batch} and cannot be changed."),
        N_("Take it out of the batch first, or wait until the batch has ended."),
    ),
    # Matters of any kind
    "wrong_step": Phrase(
        N_("“{step}” is not possible for {id} as it stands ({state})."),
        N_("Look at it first; perhaps somebody else has just changed it."),
    ),
    "no_such_matter": Phrase(
        N_("Nothing is led under {id}."),
        N_("Look for it in the lists: “archiver dossier list”, “archiver hold list”."),
    ),
    "bad_request": Phrase(
        N_("The archive did not understand the request ({word})."),
        N_("Command line and daemon may be of different versions; restart the daemon."),
    ),
    # Batches of disposition
    "no_such_batch": Phrase(
        N_("There is no batch of disposition {id}."),
        N_("“archiver batch list --all” shows all there ever were."),
    ),
    "not_in_batch": Phrase(
        N_("No unit of batch {batch}, or more than one, is called {id}."),
        N_("“archiver batch show {batch}” lists its units; give the whole number of one."),
    ),
    "nothing_due": Phrase(
        N_(
            "Nothing may go now. Due but kept: on hold {held}, in a batch {in_batch}, dossier open "
            "{open}, waiting for a person {unsettled}, without a rule what becomes of it "
            "{no_disposition}"
        ),
        N_("“archiver retention due” tells what may go when."),
    ),
    "parties_missing": Phrase(
        N_("It is not said who hands over and which archive takes over."),
        N_("Name both in config.toml: [disposition.authority] and [disposition.archive]."),
    ),
    "second_person_needed": Phrase(
        N_("Batch {id} needs a second person for this step."),
        N_(
            "Who has proposed a batch does not approve it, and who has approved it does not "
            "destroy it. Ask a colleague."
        ),
    ),
    "batch_on_hold": Phrase(
        N_("Units of batch {id} are on hold ({count}): {units}"),
        N_(
            "Take them out (“archiver batch drop {id} …”), or wait until the hold is lifted "
            "(“archiver hold list”)."
        ),
    ),
    "batch_changed": Phrase(
        N_("Units of batch {id} are no longer what was proposed ({count}): {units}"),
        N_("Take them out (“archiver batch drop {id} …”) and propose them anew."),
    ),
    "nothing_to_offer": Phrase(
        N_("The archive has waived everything in batch {id}, so there is nothing to offer."),
        N_("It can be destroyed without an offer: “archiver batch destroy {id}”."),
    ),
    "already_arrived": Phrase(
        N_("A unit that the archive has taken over cannot be taken out of batch {id}."),
        N_("Name only units that have not arrived there; “archiver batch show {id}” tells."),
    ),
    "batch_would_be_empty": Phrase(
        N_("Nothing would be left in batch {id}."),
        N_("Call it off instead: “archiver batch cancel {id}”. Not after the export."),
    ),
    "batch_not_ready_to_destroy": Phrase(
        N_("Nothing of batch {id} may be destroyed yet ({state})."),
        N_("“archiver batch show {id}” names the next step; none can be skipped."),
    ),
    "export_folder_bad": Phrase(
        N_("An export cannot be called “{value}”."),
        N_("Give a single name without “/” that does not begin with a dot."),
    ),
    "export_damaged": Phrase(
        N_("The package {path} is no longer what was written: {count}"),
        N_("“archiver export verify {path}” names the places. Move it away and export again."),
    ),
    "reply_unreadable": Phrase(
        N_("The answer could not be read."),
        N_("Ask the archive to send it again; if that does not help, report it."),
    ),
    "no_such_certificate": Phrase(
        N_("There is no certificate of destruction {id}."),
        N_("“archiver certificate list” shows all that were issued."),
    ),
    # Holds
    "no_such_hold": Phrase(
        N_("There is no hold {id}."),
        N_("“archiver hold list --all” shows all there ever were."),
    ),
    "hold_words_unknown": Phrase(
        N_("A hold of “{scope}” because of “{why}” is not known."),
        N_("It covers document, dossier, class or search; reasons are: {known}"),
    ),
    "hold_one_search": Phrase(
        N_("A hold covers what one search finds."),
        N_("Put the whole search into quotation marks, as one word."),
    ),
    "hold_review_not_later": Phrase(
        N_("The next review of a hold must lie after today, not on {on}."),
        N_("Choose a later day for the review."),
    ),
    "hold_without_target": Phrase(
        N_("The hold covers nothing."),
        N_("Name a document, a dossier, a class, or a search that finds something."),
    ),
    "hold_without_authority": Phrase(
        N_("The hold does not say who ordered it."),
        N_("Name the office that ordered it, not a person."),
    ),
    "hold_review_too_early": Phrase(
        N_("The hold would be due for review on or before its first day, {placed}."),
        N_("Choose a later day for the review."),
    ),
    "hold_is_lifted": Phrase(
        N_("Hold {id} was lifted on {on}."),
        N_("Place a new hold if it is needed again."),
    ),
    "hold_lifted_too_early": Phrase(
        N_("Hold {id} was placed on {placed}; it cannot be lifted before."),
        N_("Choose that day or a later one."),
    ),
}

# How a due date or a closure was reckoned, line by line. `archiver.phrases.step` fills in days as
# 31.12.2026, events by their names and {amount} as “1 year and 6 months”.
STEPS: dict[str, str] = {
    "rule": N_("Rule of class “{key}”, version {version}: {basis}"),
    "rule_without_basis": N_("Rule of class “{key}”, version {version}, which names no norm"),
    "no_rule": N_("The filing plan names no period for class “{key}”, so it is kept."),
    "permanent": N_("It is kept for ever."),
    "begun": N_("{event}: {on}"),
    "year_end": N_("from the end of that year: {on}"),
    "added": N_("+ {amount} = {on}"),
    "no_such_day": N_(
        "The last month has no day {day}, so its last day counts (German Civil Code, § 188 (3))."
    ),
    "ends_at_once": N_("The period ends with this day: {on}"),
    "beyond_calendar": N_("Counted from {on}, the end lies after the year 9999."),
    "missing": N_("No date to count with: {event}. Without it there is no end, so it is kept."),
    "not_before": N_("but not before: {event}, {on}"),
    "not_before_met": N_("{event}: {on}, which is no later and moves nothing"),
    "taken_before_begin": N_(
        "The period had not begun when version {version} came into force on {since}, so that "
        "version counts."
    ),
    "keeps_version": N_(
        "Version {version} of {since} does not take periods that had begun, so version {kept} "
        "counts."
    ),
    "ended_before": N_(
        "The period had ended before {on}, so version {version} does not change it; version "
        "{kept} counts."
    ),
    "taken_running": N_(
        "The period still ran on {on}, so version {version} counts (confirmed on {confirmed})."
    ),
    "corrected": N_(
        "Version {version} corrects the rule for all records (confirmed on {confirmed})."
    ),
    "taken_as_longer": N_(
        "Version {version} of {since} keeps longer, so it counts even before it is confirmed."
    ),
    "waits_for_confirmation": N_(
        "Version {version} of {since} does not keep longer; it counts once the archivist has "
        "confirmed it."
    ),
    "not_before_change": N_("The new version ends nothing before it takes effect on {on}."),
    "first_day": N_(
        "It may go from {on} at the earliest, if it was offered to the archive and no hold "
        "stops it."
    ),
    "kept_by_paper": N_("A paper of class “{key}” in the dossier keeps longer:"),
    "newest_page": N_("Newest page: {on}"),
    "newest_page_missing": N_("The date of the newest page is not known, so it stays closed."),
    "closure_general": N_("General closure, from the newest page: {on}"),
    "closure_secret": N_("Secrecy, from the newest page: {on}"),
    "closure_died": N_("Person, from death: {on}"),
    "closure_born": N_("Person, from birth, as the death is not known: {on}"),
    "closure_neither": N_(
        "Person, from the newest page, as neither death nor birth is known: {on}"
    ),
    "opens": N_("The latest of these counts: it may be seen from {on}."),
}
