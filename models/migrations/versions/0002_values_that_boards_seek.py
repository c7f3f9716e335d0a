"""Indexes of what boards ask for: values by the hour at the end of a day, and restated ones."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply it."""
    latest = "latest" if op.get_bind().dialect.name == "postgresql" else "latest = 1"
    cell = ["unit", "service", "stratum"]
    for name, columns, condition in (
        ("value_by_day", cell, "rhythm = 'hour' AND {} AND window_end % 86400000 = 0"),
        ("value_restated", [], "{} AND revision > 0"),
    ):
        rows = sa.text(condition.format(f"span = 'window' AND {latest}"))
        keys = ["indicator", "agency", *columns, "window_end"]
        op.create_index(name, "value", keys, postgresql_where=rows, sqlite_where=rows)
