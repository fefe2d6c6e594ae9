"""The certificate of destruction as a paper for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from archiver import phrases
from archiver.papers.certificate import Certificate, Head
from archiver.papers.paper import Block, Facts, Heading, Language, Paper, Paragraph, Table
from archiver.tongue import N_, speaking, tr

STORES: dict[str, str] = {
    "vault": N_("Vault"),
    "catalogue": N_("Catalogue"),
    "ledger": N_("Ledger"),
    "index": N_("Index"),
    "learned": N_("Examples and model"),
    "stage": N_("Work in progress"),
    "released": N_("Taken drops"),
    "inbox": N_("Drop folders"),
    "exports": N_("Exports"),
}
"""Stores that a proof may search, by code; another code is shown as it is."""

_ROLES = {
    "proposal": N_("Proposal"),
    "approval": N_("Approval"),
    "destruction": N_("Destruction"),
    "owner": N_("Owner of the archive"),
    "reviewer": N_("Reviewer"),
    "archivist": N_("Archivist"),
    "staff": N_("Staff"),
    "head": N_("Head of the office"),
    "data_protection": N_("Data protection officer"),
}
_DISPOSITIONS = {"A": N_("A: archive"), "B": N_("B: appraise"), "V": N_("V: destroy")}


def as_paper(certificate: Certificate, language: Language) -> Paper:
    """The certificate as a paper."""
    with speaking(language):
        footer = tr(N_("Certificate of destruction {batch}, {at}")).format(
            batch=certificate.batch, at=phrases.moment(certificate.at)
        )
        return Paper(
            tr(N_("Certificate of destruction")),
            language,
            datetime.fromisoformat(certificate.at),
            tuple(_blocks(certificate)),
            footer,
        )


def _blocks(certificate: Certificate) -> Iterator[Block]:
    number = len(certificate.documents)
    yield Facts(
        _given(
            (N_("Batch"), certificate.batch),
            (N_("Organisation"), certificate.organisation),
            (N_("Destroyed on"), phrases.moment(certificate.at)),
            (N_("Documents"), str(number)),
        )
    )
    yield from _result(certificate)
    yield Heading(tr(N_("What was destroyed")))
    yield Table(
        (tr(N_("Key")), tr(N_("Class")), tr(N_("Documents"))),
        tuple((count.key, count.title, str(count.count)) for count in certificate.counts),
        frozenset({2}),
    )
    yield from _grounds(certificate)
    yield from _proof(certificate)
    if certificate.remarks:
        yield Heading(tr(N_("Remarks")))
        yield Paragraph(certificate.remarks)
    yield from _documents(certificate)


def _result(certificate: Certificate) -> Iterator[Block]:
    """The one sentence for which the certificate is asked."""
    if certificate.is_complete:
        text = N_("After the destruction nothing of these documents was found in any store.")
    else:
        text = N_(
            "NOT COMPLETE: after the destruction something of these documents was still found. "
            "The table of the stores says where."
        )
    yield Paragraph(tr(text))
    if certificate.backups:
        yield Paragraph(
            tr(
                N_(
                    "Back-ups still hold these documents; there the destruction is done only when "
                    "the last of them has ended."
                )
            )
        )


def _grounds(certificate: Certificate) -> Iterator[Block]:
    """By which rule, and on whose word."""
    yield Heading(tr(N_("Rules")))
    yield Table(
        (tr(N_("Key")), tr(N_("Version")), tr(N_("Basis")), tr(N_("Disposition"))),
        tuple(
            (rule.key, str(rule.version), rule.basis, tr(_DISPOSITIONS[rule.disposition]))
            for rule in certificate.rules
        ),
        frozenset({1}),
    )
    yield Heading(tr(N_("Approvals")))
    yield Table(
        (tr(N_("Role")), tr(N_("By")), tr(N_("Time"))),
        tuple(
            (tr(_ROLES.get(one.role, one.role)), one.by, phrases.moment(one.at))
            for one in certificate.approvals
        ),
    )
    yield Heading(tr(N_("Decision of the archive")))
    appraisal = certificate.appraisal
    if appraisal is None:
        yield Paragraph(
            tr(
                N_(
                    "No message: the archive has waived these classes in general, and the "
                    "settings name them."
                )
            )
        )
        return
    yield Facts(
        _given(
            (N_("Message"), appraisal.message),
            (N_("Time"), phrases.moment(appraisal.at)),
        )
    )


def _proof(certificate: Certificate) -> Iterator[Block]:
    """What was searched, the ledger, and what is left elsewhere."""
    yield Heading(tr(N_("Proof")))
    yield Table(
        (tr(N_("Store")), tr(N_("Found before")), tr(N_("Found after"))),
        tuple(
            (tr(STORES.get(one.store, one.store)), str(one.before), str(one.after))
            for one in certificate.searched
        ),
        frozenset({1, 2}),
    )
    yield Facts(
        _given(
            (N_("Odd words that were looked for"), str(certificate.witnesses)),
            (N_("Documents without such a word"), str(certificate.weak)),
            (N_("Files that should be gone"), str(certificate.left)),
            (N_("Head of the ledger before"), _head(certificate.before)),
            (N_("Head of the ledger after"), _head(certificate.after)),
        )
    )
    yield Heading(tr(N_("Back-ups")))
    if not certificate.backups:
        yield Paragraph(tr(N_("No back-up that holds these documents is known.")))
        return
    unknown = tr(N_("not known"))
    yield Table(
        (tr(N_("Back-up")), tr(N_("Holds them until"))),
        tuple((one.name, phrases.date(one.until) or unknown) for one in certificate.backups),
    )


def _documents(certificate: Certificate) -> Iterator[Block]:
    """Every document; last, because it is long."""
    yield Heading(tr(N_("Documents")))
    yield Paragraph(
        tr(
            N_(
                "The digest stands in the ledger since the document came: SHA-256 of a random salt "
                "and the SHA-512 of the received bytes. The salt was destroyed with the document, "
                "so nobody can find out what it was."
            )
        )
    )
    yield Table(
        (
            tr(N_("No.")),
            tr(N_("Document")),
            tr(N_("Class")),
            tr(N_("Rule")),
            tr(N_("Period ended")),
            tr(N_("Salted digest")),
        ),
        tuple(
            (
                str(number),
                one.document,
                one.class_key,
                str(one.rule_version),
                phrases.date(one.period_ended),
                one.digest,
            )
            for number, one in enumerate(certificate.documents, start=1)
        ),
        frozenset({0, 3}),
    )


def _head(head: Head) -> str:
    return f"{head.seq} · {head.digest}"


def _given(*rows: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Rows that say something, their labels translated."""
    return tuple((tr(label), value) for label, value in rows if value)
