"""What people are told about settings, and what checks and audits find."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    # Configuration
    "config_problems": Phrase(
        N_("The configuration has {count} problem(s):"),
    ),
    "config_not_found": Phrase(
        N_("there is no configuration; “archiver init DIR” makes one"),
    ),
    "config_of_others": Phrase(
        N_(
            "it lies in a folder that belongs to somebody else or in which others may write, and"
            " was not taken; whoever means this one names it with -c"
        ),
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
    "places_overlap": Phrase(
        N_(
            "{folder} is or lies in the folder of {other}, so that files of the one would be taken "
            "for those of the other; choose a folder beside it"
        ),
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
        N_("Received files are opened in a cage ({cage}), and a line was read in it"),
    ),
    "check_cage_second": Phrase(
        N_("The cage is the second best one: bubblewrap does not work here."),
        N_("apt install bubblewrap, and allow user namespaces; then restart the daemon"),
    ),
    "check_cage_missing": Phrase(
        N_("No cage can be built here, so received files are kept, but not opened. ({said})"),
        N_(
            "apt install bubblewrap libseccomp2, and allow user namespaces; then restart the daemon"
        ),
    ),
    "check_cage_fails": Phrase(
        N_("Reader or engine do not work in the cage ({cage}): {said}"),
        N_("Look at the log of the daemon; see docs/operations.md, “The cage”."),
    ),
    "check_cage_untried": Phrase(
        N_("The cage was not tried. {why}"),
        N_("Run the check as the archive's owner."),
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
    "check_group_unknown": Phrase(
        N_(
            "This machine does not know the group “{group}”; what only its members may, nobody may."
        ),
        N_("Make it with “addgroup {group}”, or correct its name in the settings."),
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
    # What the doctor finds
    "doctor_folder_missing": Phrase(
        N_("The folder {path} is missing."),
        N_("It is made at the next start, or by “archiver doctor --repair”."),
    ),
    "doctor_owner": Phrase(
        N_("{path} does not belong to {owner} (others like it below {place}: {more})."),
        N_("sudo chown -R {owner}: {place}, then sudo systemd-tmpfiles --create"),
    ),
    "doctor_open_to_others": Phrase(
        N_("{path} is open to every user of this machine."),
        N_("“archiver doctor --repair”, or chmod o-rwx {path}"),
    ),
    "doctor_no_way_in": Phrase(
        N_("Staff cannot pass through {path} to the archive."),
        N_("chmod o+x {path}"),
    ),
    "doctor_drop_mode": Phrase(
        N_("Clerks cannot drop anything into {path}, or what they drop has the wrong group."),
        N_("Give the folder to the clerks’ group, then chmod 2770 {path}"),
    ),
    "doctor_root_file": Phrase(
        N_("The vault’s own file {path} is missing or changed. No document is concerned."),
        N_("Stop the daemon and run “archiver doctor --repair”."),
    ),
    "doctor_catalogue_missing": Phrase(
        N_("The catalogue {path} is missing."),
        N_("Stop the daemon and run “archiver doctor --repair”; it is made again from the ledger."),
    ),
    "doctor_index_ahead": Phrase(
        N_("The index knows {index} ledger lines, the ledger has {ledger}."),
        N_("Is the ledger an older one? Else run “archiver reindex”."),
    ),
    "doctor_left_behind": Phrase(
        N_("{path} was left behind when something broke off."),
        N_("It does no harm; “archiver doctor --repair” removes it."),
    ),
    "doctor_unreadable": Phrase(
        N_("{path} cannot be read: {error}."),
        N_("Check owner and mode, and the disk."),
    ),
    "doctor_more": Phrase(
        N_("More of the same kinds that are not listed: {count}."),
        N_("“archiver verify” names all of them."),
    ),
    "doctor_no_backup": Phrase(
        N_("There is no back-up of this archive."),
        N_("archiver backup make DIR"),
    ),
    "doctor_backup_old": Phrase(
        N_("Days since the last back-up: {days} ({folder})."),
        N_("Look at the timer archiver-backup, or run “archiver backup make {folder}”."),
    ),
    "doctor_backup_troubles": Phrase(
        N_("Files that the last back-up could not take whole: {count} ({folder})."),
        N_("Run “archiver verify”; it names the documents."),
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
    "audit_unreadable_folder": Phrase(
        N_("Object {id}: the folder {path} cannot be read."),
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
    "audit_version_missing": Phrase(
        N_(
            "Object {id}: the vault has version {found}, but the ledger tells of version {wanted}; "
            "what came after is missing in the vault."
        ),
    ),
    "audit_version_unknown": Phrase(
        N_(
            "Object {id}: the vault has version {found}, but the ledger tells of version {wanted} "
            "only; what came after is missing in the ledger."
        ),
    ),
    "audit_original_differs": Phrase(
        N_("Object {id}: the file {path} is not the original that was received."),
    ),
    "audit_receipt_differs": Phrase(
        N_("Object {id}: the receipt {path} is not the one whose digest the ledger has."),
    ),
    "audit_not_destroyed": Phrase(
        N_("Object {id} is destroyed by the ledger, but still lies in the vault."),
    ),
    "audit_stray": Phrase(
        N_("The vault has something that belongs to no object: {path}."),
    ),
    "audit_vault_lacks": Phrase(
        N_(
            "The vault lacks what the ledger tells of. Lost objects: {objects}; objects without "
            "their newest version: {versions}. Is the vault of an older back-up than the ledger?"
        ),
        N_("Bring the vault back from the newest back-up, or from one as old as the ledger."),
    ),
    "audit_ledger_lacks": Phrase(
        N_(
            "The ledger lacks what the vault has. Unknown objects: {objects}; objects with an "
            "unknown newest version: {versions}. Is the ledger of an older back-up than the vault?"
        ),
        N_("Bring the ledger back from the newest back-up; else have the objects taken over."),
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
}
