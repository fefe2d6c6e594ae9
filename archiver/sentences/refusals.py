"""What people are told where a state, a right or a rule forbids a step, or words do not fit."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
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
    "dossier_on_hold": Phrase(
        N_("Dossier “{reference}” stays as it is: a hold covers it ({holds})."),
        N_("“archiver hold show” tells why; merge the dossiers when the hold is lifted."),
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
    "not_a_copy": Phrase(
        N_("The file is no copy of what the document {id} holds: its bytes are others."),
        N_("Nothing was changed. Look for another copy; else bring it back from the back-up."),
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
    "ledger_names_more": Phrase(
        N_("The ledger names papers that are closed to you; it can only be given whole."),
        N_("Ask the IT person, or somebody who is in the groups of all closed classes."),
    ),
    "sample_not_yours": Phrase(
        N_("Nothing is left in sample {id} that you could look at."),
        N_("Ask somebody who is in the groups of the closed classes."),
    ),
    "not_your_paper": Phrase(
        N_("Document {id} is not one that waits in a folder of yours alone."),
        N_("Ask a reviewer; reviewers may retry and dismiss all documents."),
    ),
    "crowd": Phrase(
        N_("Too many requests are open at the moment; this one was not taken."),
        N_("Wait until your other commands have ended, then try again."),
    ),
    "request_too_slow": Phrase(
        N_("The request did not come to its end in time."),
        N_("Try again; where it happens again, tell the IT person."),
    ),
    "number_too_large": Phrase(
        N_("A number is too large; {most} is the most that can be said."),
        N_("Say a smaller number."),
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
    "not_for_terminals": Phrase(
        N_("A document is not written to a terminal: its bytes could do there what they like."),
        N_("Name a file with -o, or pass it on to a program or a file."),
    ),
    "output_unwritable": Phrase(
        N_("{path} cannot be written."),
        N_("Choose another place."),
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
        N_("Between 1 and {most} entries can be listed, not {limit}."),
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
}
