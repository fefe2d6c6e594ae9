"""What people are told by monitoring: what is wrong, in words that make sense at night."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
    "sign_none": Phrase(
        N_("The archive is in order"),
    ),
    "sign_daemon": Phrase(
        N_("The daemon is not running: what is dropped is not taken."),
        N_("systemctl status archiver, then journalctl -u archiver -n 30"),
    ),
    "sign_unasked": Phrase(
        N_("The archive cannot be asked: {message}"),
        N_("Run “archiver status” as its owner."),
    ),
    "sign_stalled": Phrase(
        N_("The drop folders have not been looked at since {moment}: nothing is taken."),
        N_("Is a share away? If it answers, restart the service: systemctl restart archiver"),
    ),
    "sign_system": Phrase(
        N_("{message}"),
        N_("{advice}"),
    ),
    "sign_waiting": Phrase(
        N_("A file has lain in a drop folder since {moment} and is not taken."),
        N_("“archiver status” names it. Does a program still write it, or have it open?"),
    ),
    "sign_queue": Phrase(
        N_("A paper has waited to be read since {moment}; papers in the queue: {count}."),
        N_("If the queue grows for days, the machine is too small for this much paper."),
    ),
    "sign_quarantine": Phrase(
        N_("Files in quarantine: {count} (more than {most})."),
        N_("“archiver review” tells why; perhaps a scanner is set wrongly."),
    ),
    "sign_disk": Phrase(
        N_("Free space on the disk of the vault: only {free} GiB."),
        N_("Make room or plan for a larger disk; when it is full nothing is lost, but work stops."),
    ),
    "sign_verify": Phrase(
        N_("The verification of {moment} found problems: {count}."),
        N_("“archiver verify” names each of them, docs/operations.md says what to do."),
    ),
    "sign_backup_none": Phrase(
        N_("There is no back-up of the archive."),
        N_("“archiver backup make” makes one; see docs/operations.md."),
    ),
    "sign_backup_old": Phrase(
        N_("The last back-up of the archive is that of {moment}."),
        N_("journalctl -u archiver-backup tells why there is no newer one."),
    ),
    "sign_test": Phrase(
        N_("This is a trial: alarms of the archive reach you."),
        N_("There is nothing to do."),
    ),
    "alarm_mail_failed": Phrase(
        N_("The mail program {program} did not take an alarm ({error}); it is tried again."),
        N_("Check [monitoring] sendmail and the mail service of this machine."),
    ),
    "alarm_webhook_failed": Phrase(
        N_("The web address for alarms did not take one ({error}); it is tried again."),
        N_("Check [monitoring] webhook."),
    ),
    "metrics_unwritable": Phrase(
        N_("The file for monitoring {path} cannot be written."),
        N_("Give the service the right to write its folder (ReadWritePaths= in the unit)."),
    ),
}
