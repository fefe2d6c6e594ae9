"""Drops are known again by their receipts; what lies in a drop folder is no row any more."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("drop_taken")
