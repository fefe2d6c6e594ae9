"""What people are told about rules, dossiers, holds and other matters."""

from __future__ import annotations

from archiver.sentences.phrase import Phrase
from archiver.tongue import N_

REASONS: dict[str, Phrase] = {
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
    "reference_not_yours": Phrase(
        N_("“{reference}” belongs to papers that you may not see."),
        N_("Check the reference; if it is right, somebody who may see them files the paper."),
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
    "closed_before_paper": Phrase(
        N_("The dossier cannot be closed on {on}: a letter in it is of {newest}."),
        N_("Name that day or a later one, or correct the letter's date."),
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
