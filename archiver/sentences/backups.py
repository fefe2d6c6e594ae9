"""What people are told about back-ups: what could not be taken, what is lost, what to do."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    # Refusals and faults
    "backup_unwritable": Phrase(
        N_("The back-up folder {folder} cannot be written: {error}."),
        N_("Mount its disk, make room, or give it to the owner of the archive."),
    ),
    "backup_inside": Phrase(
        N_("The folder {folder} lies in the archive itself: with its disk both would be lost."),
        N_("Name a folder on another disk."),
    ),
    "backup_gone": Phrase(
        N_("Back-ups were made in {folder}, and they are not there any more."),
        N_("Is the disk mounted? If you want to begin again, say so with --anew."),
    ),
    "backup_of_another": Phrase(
        N_("The back-ups in {folder} are those of another archive."),
        N_("Name another folder."),
    ),
    "backup_format": Phrase(
        N_("The back-ups in {folder} were made by a later version."),
        N_("Install the later version."),
    ),
    "backup_locked": Phrase(
        N_("Another program is at work on the back-ups in {folder}."),
        N_("Wait until it has ended."),
    ),
    "backup_restless": Phrase(
        N_("Objects went away faster than they could be copied. No back-up was made."),
        N_("Try again when no records are being destroyed."),
    ),
    "backup_restic_missing": Phrase(
        N_("The back-up is made, but the program restic is missing."),
        N_("apt install restic"),
    ),
    "backup_restic": Phrase(
        N_("The back-up is made, but restic did not take it in: {detail}"),
        N_("Check the repository and the password, then try again."),
    ),
    "no_backup": Phrase(
        N_("There are no back-ups in {folder}."),
        N_("Is the disk mounted? A new folder is begun by “archiver backup make”."),
    ),
    "no_backup_set": Phrase(
        N_("There is no such back-up ({number})."),
        N_("“archiver backup list DIR” names those that are there."),
    ),
    "place_of_another": Phrase(
        N_("The folder {folder} belongs to another user."),
        N_("Run the command as the user to whom the archive is to belong."),
    ),
    "backup_places_elsewhere": Phrase(
        N_(
            "All is brought back, but the configuration names a folder elsewhere ({folder}). "
            "Catalogue and index are not made yet."
        ),
        N_("Correct [places] in {config}, then run “archiver rebuild” and “archiver verify”."),
    ),
    "backup_path_outside": Phrase(
        N_("The back-up names a file outside of the archive ({path}): somebody has changed it."),
        N_("Take an earlier one (--set) or another copy."),
    ),
    # What the archive could not give
    "backup_object_carried": Phrase(
        N_(
            "Document {id} is damaged in the archive ({path}); the back-up keeps it as the one "
            "before had it."
        ),
    ),
    "backup_object_unreadable": Phrase(
        N_("Document {id}: {path} is damaged in the archive, and no earlier back-up has it."),
    ),
    "backup_object_kept": Phrase(
        N_(
            "Document {id} is missing in the archive; the back-up keeps it as the one "
            "before had it."
        ),
    ),
    "backup_object_missing": Phrase(
        N_("Document {id} is missing in the archive, and no earlier back-up has it."),
    ),
    "backup_file_unreadable": Phrase(
        N_("The file {path} cannot be read and is not in the back-up."),
    ),
    "backup_drop_unreadable": Phrase(
        N_("The drop {path} cannot be read and is not in the back-up."),
    ),
    # What a back-up has lost
    "backup_content_missing": Phrase(
        N_("The file {path} is missing in the back-up."),
    ),
    "backup_content_damaged": Phrase(
        N_("The file {path} is damaged in the back-up."),
    ),
    "backup_document_missing": Phrase(
        N_("Document {id}: the file {path} is missing in the back-up."),
    ),
    "backup_document_damaged": Phrase(
        N_("Document {id}: the file {path} is damaged in the back-up."),
    ),
    "backup_object_lost": Phrase(
        N_("Document {id} is lost in the back-up: the list of its files is damaged."),
    ),
    "backup_line_unreadable": Phrase(
        N_("Line {path} of the back-up's list cannot be read; what it stands for is lost."),
    ),
    "backup_set_cut": Phrase(
        N_("The list of back-up {path} is not whole: lines of it are lost."),
    ),
}
