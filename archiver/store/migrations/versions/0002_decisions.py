"""What persons decide: dossiers, proposed classes, parts of batches, confirmed senders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("accession", sa.Column("source", sa.Text))
    op.create_index("ix_accession_source", "accession", ["source"])
    op.add_column("accession", sa.Column("sha512", sa.Text))
    op.create_index("ix_accession_sha512", "accession", ["sha512"])
    op.execute(
        "UPDATE accession SET sha512 = "
        "(SELECT document.sha512 FROM document WHERE document.id = accession.document)"
    )
    for name in ("dossier", "proposed", "basis"):
        op.add_column("document", sa.Column(name, sa.Text))
    op.create_table(
        "sender",
        sa.Column("document", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("keys", sa.JSON, nullable=False),
    )
