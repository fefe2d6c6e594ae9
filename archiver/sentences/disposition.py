"""What people are told on the way to the archive and at the end of a record."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
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
    "reply_record_misplaced": Phrase(
        N_("In the answer “{field}” stands where the standard has no such element."),
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
    "appraisal_missing": Phrase(
        N_("The archive has not decided about {id}."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_contradictory": Phrase(
        N_("The archive has decided differently about {id}, in one answer or in two."),
        N_(
            "Ask the archive what is meant, or take it out of the batch. Until then nothing "
            "happens to it."
        ),
    ),
    "appraisal_undecided": Phrase(
        N_("The archive has not yet made up its mind about {id} (B)."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_unclear": Phrase(
        N_("The archive has decided about {id} in words of its own, not with A or V."),
        N_("Ask the archive what is meant. Until then nothing happens to it."),
    ),
    "appraisal_part_differs": Phrase(
        N_(
            "About {part} in {id} the archive has decided differently than about {id} itself; only "
            "whole units can go one way."
        ),
        N_(
            "Ask the archive, or take {id} out of the batch. Until then nothing happens to all of "
            "{id}."
        ),
    ),
    "import_missing": Phrase(
        N_("The archive does not say whether {id} has arrived."),
        N_("Ask the archive. Until then it is kept."),
    ),
    "import_stranger": Phrase(
        N_(
            "The archive says that {id} has arrived, but that something has not which was not "
            "sent; it may mean a part of it."
        ),
        N_("Ask the archive what is meant. Until then it is kept."),
    ),
    "import_contradictory": Phrase(
        N_("The archive says both that {id} has arrived and that it has not."),
        N_("Ask the archive, or take it out of the batch. Until then it is kept."),
    ),
    "import_failed": Phrase(
        N_("The archive could not import {id}."),
        N_("Mend what its answer says and hand it over again; until then it is kept."),
    ),
    "import_part_failed": Phrase(
        N_("The archive could not import {part}, so {id}, in which it lies, has not arrived."),
        N_("Mend what its answer says and hand {id} over again; until then it is kept."),
    ),
    "import_part_missing": Phrase(
        N_("The archive names other documents of {id}, but not {part}."),
        N_("Ask the archive. Until then all of {id} is kept."),
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
    "nothing_due_withdrawn": Phrase(
        N_(
            "Nothing that was taken back may go now; it may {days} days later. Due but kept: on "
            "hold {held}, in a batch {in_batch}"
        ),
        N_(
            "“archiver search state:withdrawn” lists what was taken back, “archiver retention "
            "explain ID” tells of one when it may go."
        ),
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
    "corrected_by_approver": Phrase(
        N_("You yourself have changed or withdrawn units of batch {id} ({count}): {units}"),
        N_(
            "Who corrects, withdraws or lifts a hold does not approve. Ask a colleague, or take "
            "these units out (“archiver batch drop {id} …”) and have them proposed by themselves."
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
    "batch_unanswered": Phrase(
        N_(
            "About units of batch {id} the archive has said nothing clear, or has contradicted "
            "itself ({count}): {units}"
        ),
        N_(
            "Ask the archive and read its answer in, or take them out (“archiver batch drop {id} "
            "…”) and offer them anew."
        ),
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
    "proof_impossible": Phrase(
        N_("The destruction of certificate {id} cannot be proved again: its words are not known."),
        N_("“archiver verify” reads everything again; the certificate stays as it is."),
    ),
    "no_such_certificate": Phrase(
        N_("There is no certificate of destruction {id}."),
        N_("“archiver certificate list” shows all that were issued."),
    ),
}
