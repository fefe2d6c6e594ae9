"""What people are told about the machine: what it lacks, and what does not answer."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    # The system
    "disk_full": Phrase(
        N_("The disk is full. Nothing is lost; work goes on when there is space again."),
        N_("Free space on the archive's disk."),
    ),
    "storage_failed": Phrase(
        N_("The disk reports a fault ({error}) at {path}. Work waits and tries again."),
        N_("Check the disk and the system's log."),
    ),
    "storage_readonly": Phrase(
        N_("The disk with {path} can only be read. Work waits and tries again."),
        N_("A disk is often made read-only after faults: check it, then mount it for writing."),
    ),
    "access_denied": Phrase(
        N_("The user {user} may not use {path}; it belongs to {owner} and has the rights {mode}."),
        N_(
            "Give it back to the owner of the archive with “chown -R”, and let him read and write "
            "it with “chmod -R u+rwX”. Run commands as that user, never as root."
        ),
    ),
    "path_missing": Phrase(
        N_("{path} is not there, or is not what should be there."),
        N_("Bring it back, or correct the configuration."),
    ),
    "machine_fault": Phrase(
        N_(
            "The machine refuses something that is needed ({error}). No document is "
            "to blame; it is tried again."
        ),
        N_("Look at the log and at the limits of the service (memory, open files)."),
    ),
    # The clock
    "clock_ahead": Phrase(
        N_(
            "The machine's clock says {at}; the archive last knew {believed}. Until somebody "
            "confirms the time, nothing falls due, nothing expires, and nothing is proposed for "
            "disposal."
        ),
        N_(
            "If the time is right (the machine was switched off, or this archive was brought "
            "back), say “archiver clock --confirm”. Else put the clock right."
        ),
    ),
    "clock_behind": Phrase(
        N_(
            "The machine's clock says {at}, but the ledger's last line is of {believed}. Until "
            "this is put right, nothing falls due, nothing expires, and nothing is proposed for "
            "disposal."
        ),
        N_(
            "Put the clock right; then all goes on by itself. Only if the time of the "
            "line is wrong, say “archiver clock --confirm”."
        ),
    ),
    "clock_in_doubt": Phrase(
        N_("The machine's clock has jumped; so nothing is proposed or destroyed now."),
        N_("The one who looks after the archive finds more with “archiver clock”."),
    ),
    "catalogue_locked": Phrase(
        N_("The catalogue is in use by another program."),
        N_("End that program; work tries again."),
    ),
    "catalogue_damaged": Phrase(
        N_("The catalogue is damaged ({error}). Vault and ledger are not concerned."),
        N_("Stop the daemon and run “archiver rebuild”."),
    ),
    "catalogue_rebuilt": Phrase(
        N_("The catalogue is being made anew from vault and ledger; {percent} % are done."),
        N_(
            "Wait until it is done. Nothing is lost; what is dropped meanwhile is taken afterwards."
        ),
    ),
    "catalogue_ahead": Phrase(
        N_(
            "The catalogue knows {catalogue} ledger lines, but the ledger has only "
            "{ledger}: a part of the ledger is missing."
        ),
        N_(
            "Bring the ledger back from the back-up, then run “archiver verify”. Only if no newer "
            "one can be had: remove catalogue.db and run “archiver rebuild”."
        ),
    ),
    "catalogue_differs": Phrase(
        N_("From ledger line {seq} on, the catalogue does not fit the ledger."),
        N_(
            "Bring the newest file of the ledger back from the back-up, then run “archiver "
            "verify”. If the ledger is right, remove catalogue.db and run “archiver rebuild”."
        ),
    ),
    "ledger_broken": Phrase(
        N_("The ledger is damaged in {file}, line {seq}. Nothing was changed."),
        N_("Bring the file back from the back-up, then run “archiver verify”."),
    ),
    "ledger_tail_kept": Phrase(
        N_(
            "A crash or a power cut had left the beginning of a line at the end of the ledger. It "
            "was cut off and lies in {path}."
        ),
        N_(
            "Nobody had been told that this step was done. Keep the file in another place, or "
            "remove it; then this is told no more."
        ),
    ),
    "ledger_changed": Phrase(
        N_("Another program has changed the ledger file {file}."),
        N_("Bring it back from the back-up, then run “archiver verify”."),
    ),
    "ledger_lost": Phrase(
        N_("The vault is full, but the ledger in {path} has no line: it is lost."),
        N_(
            "Bring the ledger back from the newest back-up; else “archiver rebuild” takes over "
            "what lies in the vault."
        ),
    ),
    "ledger_stray": Phrase(
        N_("The file {path} is of a month that has not come, and has no line of the ledger."),
        N_("Nothing is written there. Find out who has put it there, and take it away."),
    ),
    "clock_forgotten": Phrase(
        N_("What was remembered of the clock cannot be read and counts for nothing."),
        N_("It is begun anew by itself; where the clock is in doubt, confirm it."),
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
        N_("The stored object {id} is damaged, so nothing of it is handed out."),
        N_(
            "“archiver verify” names the file. What was made of a sound original “archiver retry "
            "{id}” makes anew; for the original drop a good copy once more, or run “archiver "
            "restore {id} FILE”; else bring the object back from the back-up."
        ),
    ),
    "version_lost": Phrase(
        N_(
            "The newest state of document {id} is lost: the ledger tells of version {wanted}, the "
            "vault ends with version {found}."
        ),
        N_(
            "Bring the object back from the back-up; else “archiver retry {id}” makes it anew "
            "from the original, which “archiver get --original {id}” hands out."
        ),
    ),
    "words_unread": Phrase(
        N_(
            "The words of document {id} are damaged or lost: it is found by what the catalogue "
            "knows alone."
        ),
        N_("“archiver retry ID” makes them anew from the original."),
    ),
    "made_anew": Phrase(
        N_("What was made of the original is made anew when the document is read again."),
        N_(
            "“archiver verify” tells afterwards whether all is well; what it still names in "
            "earlier versions goes with “archiver purge {id}”."
        ),
    ),
    "not_healed": Phrase(
        N_("This copy cannot heal that."),
        N_("Bring the object back from the back-up."),
    ),
    "verify_found": Phrase(
        N_("Reading again what is stored has found problems: {count}."),
        N_(
            "“archiver status” names the first ones, “archiver verify” looks at everything now. "
            "Heal what is damaged from good copies, or bring it back from the back-up."
        ),
    ),
    "object_missing": Phrase(
        N_("The ledger knows the document {id}, but the vault has lost it."),
        N_(
            "Drop a good copy of the original once more, or run “archiver restore {id} FILE”; else "
            "bring the object back from the back-up."
        ),
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
    "released_unknown": Phrase(
        N_(
            "Files in {folder} of which the archive knows nothing, as after a restored back-up: "
            "{count}. They are never removed by themselves."
        ),
        N_("Drop them into their drop folder again; what the archive has already is recognised."),
    ),
    "released_needed": Phrase(
        N_(
            "Files in {folder} are past the time for which they are kept ({count}), but their "
            "documents are damaged or lost and could not be healed from them. They stay there."
        ),
        N_(
            "“archiver verify” names the documents. Bring them back from the back-up, or run "
            "“archiver restore ID FILE”; the files begin with the ids."
        ),
    ),
    "released_homeless": Phrase(
        N_(
            "A file in {folder} was written on after it had been taken, but its drop folder is "
            "no longer configured. It stays there."
        ),
        N_("Drop it into another drop folder."),
    ),
    "writers_unknown_rights": Phrase(
        N_(
            "In {folder} it cannot be known whether a file is still being written: the service "
            "may not ask about files that belong to others. They are taken later, and compared "
            "again afterwards."
        ),
        N_("Give the service the capability CAP_LEASE, as deploy/archiver.service does."),
    ),
    "writers_unknown_network": Phrase(
        N_(
            "{folder} is on a network drive, where it cannot be known whether a file is still "
            "being written. Files are taken later, and compared again afterwards."
        ),
        N_("Better let the machine of the archive have the share itself, see docs/operations.md."),
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
    "cage_missing": Phrase(
        N_(
            "No cage can be built on this machine. Received files are kept, but not opened: "
            "nothing is read and nothing is filed."
        ),
        N_("“archiver check” tells why. Install bubblewrap, then restart the daemon."),
    ),
    "cage_off": Phrase(
        N_(
            "The cage is switched off: whoever sends a file that takes over its reader can "
            "read and change the whole archive."
        ),
        N_('Set [work] cage = "auto" and restart the daemon.'),
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
        N_("The search index in {folder} is damaged or of another version ({error})."),
        N_("Run “archiver reindex”."),
    ),
    "index_renewing": Phrase(
        N_(
            "The search index was damaged and is being made anew by itself. Documents are safe, "
            "but not everything is found until then."
        ),
        N_("Search again in a few minutes."),
    ),
    "index_busy": Phrase(
        N_("Another process is writing the search index in {folder}."),
        N_("Wait until it has ended."),
    ),
    "index_write_failed": Phrase(
        N_(
            "The search index in {folder} could not be written ({error}). Documents are safe; it "
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
}
