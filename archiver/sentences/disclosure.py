"""What people are told when copies are given away."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
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
        N_("Nobody has said whether uncertain places are to be blackened ({count})."),
        N_("Look at them and decide for each: blacken or leave."),
    ),
    "words_found_nowhere": Phrase(
        N_("Words that are to be blackened were found nowhere: {count}."),
        N_(
            "“disclose look” names them. Look at the pages: mark the place, correct the word, or "
            "say with --absent that it does not stand there."
        ),
    ),
    "pages_not_confirmed": Phrase(
        N_("Nobody has confirmed the pictures of these pages of document {id}: {pages}."),
        N_(
            "Look at them with “disclose preview”: the machine does not see all that people see. "
            "Then confirm each page (--confirmed KEY, or in the request)."
        ),
    ),
    "not_in_request": Phrase(
        N_("Document {id} is not in this request."),
        N_("Name it, or take another one."),
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
}
