"""Rows of a store that are drawn in Grafana, as the engine writes them, and who draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import insert, update

from deploy.annotating import Annotator
from models.settings import Settings
from tests.integration.fake_grafana import EDITOR
from tests.integration.test_notify import NOON, Clock

DAY = 86_400_000
ALWAYS: Callable[[], bool] = lambda: True  # noqa: E731 (short for a test)
AT_ONCE: Callable[[float], object] = lambda _: True  # noqa: E731
EMPTY = {"indicator": "", "unit": "", "service": "", "stratum": "", "epoch": 0, "latest": True}
HOSTILE = '<img src=x onerror="alert(1)">\n\x1b[31m\u202e\ud800 & "quoted" <a href="//evil">x</a>'


def shock(name: str, **fields: Any) -> dict[str, Any]:
    """A row of a shock that is recovering."""
    made = {"id": name, "transition": 0, "agency": "permits", "kind": "service", "depth": 0.4}
    made |= {"direction": "down", "state": "recovering", "onset": NOON - DAY, "trough": NOON}
    made |= dict.fromkeys(("absorbed", "adapted", "recovered"))
    made |= {"loss_service_days": 1.0, "declared": "planted", "evidence": "{}", "updated": NOON}
    return EMPTY | made | {"indicator": "completion", "service": "building"} | fields


def mark(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A row of a mark."""
    made = {"id": name, "transition": 0, "agency": "permits", "kind": kind, "label": "planted"}
    return EMPTY | made | {"start": NOON - DAY, "end": None, "evidence": "{}"} | fields


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token of an editor, in the environment."""
    monkeypatch.setenv("HEADWIND_GRAFANA_TOKEN", EDITOR)


def settings(url: str) -> Settings:
    """Settings that name a Grafana, and what people call an agency."""
    return Settings.of(
        {"grafana": {"url": url}, "agencies": {"permits": {"title": "Permit office"}}}
    )


def annotator(store: sqlalchemy.Engine, url: str, clock: Clock | None = None) -> Annotator:
    """As it stands after a start."""
    return Annotator(store, settings(url), clock or Clock(), timeout_s=0.5)


def put(store: sqlalchemy.Engine, table: sqlalchemy.Table, *rows: dict[str, Any]) -> None:
    """Write new states; those before them are the latest no more."""
    with store.begin() as connection:
        for row in rows:
            mine = table.c.id == row["id"]
            connection.execute(update(table).where(mine).values(latest=False))
            connection.execute(insert(table), row)
