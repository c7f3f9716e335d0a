"""What several contracts are held against: each database that a store may be in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deploy.servers.postgresql import Postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be made, in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'headwind.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()
