"""Tables of the catalogue: what can be asked quickly, all of it made from vault and ledger.

`SCHEMA` is the number of these tables, and stands in the database as its ``user_version``. Whoever
changes them, or what the projection writes into them, counts it up: a catalogue of another number
is made anew from ledger and vault before it is used (`archiver.store.rebuilding`).
"""

from __future__ import annotations

from sqlalchemy import (
    BLOB,
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

SCHEMA = 6

metadata = MetaData()

# One row: how far the ledger has been taken over, and the digest of that line.
position = Table(
    "position",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("digest", Text, nullable=False),
)

# One row for each file ever received; duplicates point to the first.
accession = Table(
    "accession",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("document", Text, nullable=False, index=True),
    Column("pipeline", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("file_raw", BLOB, nullable=False),
    Column("size", Integer, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # Of parts of a batch: the object in which their first page came.
    Column("source", Text, index=True),
    # Of the bytes as they came; the document may have another scan by now.
    Column("sha512", Text, index=True),
)

document = Table(
    "document",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False, index=True),
    Column("media_type", Text, nullable=False),
    Column("sha512", Text, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("record_class", Text),
    Column("reference", Text),
    Column("subject", Text),
    Column("sender", Text),
    Column("letter_date", Text),
    Column("received_on", Text, nullable=False),
    Column("pages", Integer),
    Column("confidence", Float),
    Column("findings", JSON, nullable=False),
    Column("reason", Text),
    Column("params", JSON, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("dossier", Text),
    # What classification proposes, and on what that rests.
    Column("proposed", Text),
    Column("basis", Text),
    # By what its dossier is known: the one that is sure, else the one that was read.
    Column("dossier_key", Text, index=True),
    # Day of the received stamp, where that is a fact.
    Column("stamped_on", Text),
)

# What the office leads beside documents: the rules in force, dossiers, holds, batches of
# disposition, samples, certificates, disclosures. `about` is what the matter's object says.
matter = Table(
    "matter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # By what people call it: the reference of a dossier; None where it has only its id.
    Column("key", Text),
    Column("about", JSON, nullable=False),
    Column("changed_at", Text, nullable=False),
)

# Documents that are in a batch of disposition which has not ended.
batch_item = Table(
    "batch_item",
    metadata,
    Column("document", Text, ForeignKey("document.id"), primary_key=True),
    Column("batch", Text, nullable=False, index=True),
    # Id of the dossier or document that goes as a whole.
    Column("unit", Text, nullable=False, index=True),
)

# What documents were counted among before: see `archiver.store.formerly`.
formerly = Table(
    "formerly",
    metadata,
    Column("document", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    # The object that said so; with it goes what is known through it.
    Column("through", Text, primary_key=True, index=True),
    # Number of the ledger line by which it left.
    Column("seq", Integer, nullable=False),
)

# Senders that a person confirmed on a document, and by what they are known again.
sender = Table(
    "sender",
    metadata,
    Column("document", Text, ForeignKey("document.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("keys", JSON, nullable=False),
)

# The ledger's lines, for the history of a document.
event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, index=True),
    Column("event", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", JSON, nullable=False),
)

# Work that is not finished. `boot` is set while a daemon works on it.
job = Table(
    "job",
    metadata,
    Column("id", Text, ForeignKey("document.id"), primary_key=True),
    Column("worker_deaths", Integer, nullable=False),
    Column("daemon_deaths", Integer, nullable=False),
    Column("boot", Text),
)

Index("accession_by_pipeline", accession.c.pipeline, accession.c.id)
Index("matter_by_key", matter.c.kind, matter.c.key)
