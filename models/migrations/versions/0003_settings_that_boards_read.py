"""What boards must know of the settings: groups of agencies, targets of indicators."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "setting",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("held", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
