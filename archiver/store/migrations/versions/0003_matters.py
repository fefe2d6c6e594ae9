"""What the office leads beside documents: rules, dossiers, holds, batches, samples."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("document", sa.Column("dossier_key", sa.Text))
    op.create_index("ix_document_dossier_key", "document", ["dossier_key"])
    op.execute(
        "UPDATE document SET dossier_key = lower(replace(dossier, ' ', '')) "
        "WHERE dossier IS NOT NULL"
    )
    op.add_column("document", sa.Column("stamped_on", sa.Text))
    op.create_table(
        "matter",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
    )
    op.create_index("matter_by_key", "matter", ["kind", "key"])
    op.create_table(
        "batch_item",
        sa.Column("document", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
    )
    op.create_index("ix_batch_item_batch", "batch_item", ["batch"])
    op.create_index("ix_batch_item_unit", "batch_item", ["unit"])
