"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "position",
        sa.Column("one", sa.Integer, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_table(
        "accession",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("file_raw", sa.BLOB, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("received_at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
    )
    op.create_index("ix_accession_document", "accession", ["document"])
    op.create_index("accession_by_pipeline", "accession", ["pipeline", "id"])
    op.create_table(
        "document",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sha512", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("record_class", sa.Text),
        sa.Column("reference", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("sender", sa.Text),
        sa.Column("letter_date", sa.Text),
        sa.Column("received_on", sa.Text, nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("confidence", sa.Float),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
    )
    op.create_index("ix_document_state", "document", ["state"])
    op.create_index("ix_document_sha512", "document", ["sha512"])
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_event_id", "event", ["id"])
    op.create_table(
        "drop_taken",
        sa.Column("id", sa.Text, sa.ForeignKey("accession.id"), primary_key=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("name", sa.BLOB, nullable=False),
        sa.Column("device", sa.Integer, nullable=False),
        sa.Column("inode", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("sha512", sa.Text, nullable=False),
        sa.UniqueConstraint(
            "folder", "name", "device", "inode", "size", "mtime_ns", name="one_per_drop"
        ),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
        sa.Column("worker_deaths", sa.Integer, nullable=False),
        sa.Column("daemon_deaths", sa.Integer, nullable=False),
        sa.Column("boot", sa.Text),
    )
    op.execute("INSERT INTO position (one, seq, digest) VALUES (1, 0, '" + "0" * 64 + "')")
