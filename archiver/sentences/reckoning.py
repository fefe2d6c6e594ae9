"""How a due date or a closure was reckoned, line by line."""

from __future__ import annotations

from archiver.tongue import N_

# `archiver.phrases.step` fills in days as
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
