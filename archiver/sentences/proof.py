"""What people are told about seals, time stamps and papers that prove something."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
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
}
