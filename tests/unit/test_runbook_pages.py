"""The runbook over HTTP, where notifications link to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from deploy.runbook_pages import RUNBOOK, runbook
from models.value import RHYTHMS, Rhythm
from streams.alert import (
    BACK,
    CLOSES_AFTER,
    CRITICAL,
    MAY_MISS,
    NEW_LEVEL,
    OFF,
    OPENS_AFTER,
    SMALL_SHARE,
    SUMS_AFTER,
)
from streams.detection import DETECTORS
from streams.detector import Deciding
from streams.notify.ours import drill
from streams.notify.payload import linked


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Any]]:
    """The pages without a network."""
    with TestClient(Litestar([runbook])) as opened:
        yield opened


def test_a_notification_links_to_its_page(client: TestClient[Any]) -> None:
    """What the link of an alert says is served, as it is written."""
    link = linked(drill("Coast", 0), "")["annotations"]["runbook_url"]
    assert link == "deploy/runbook/drill.md"
    link = linked(drill("Coast", 0), "http://testserver")["annotations"]["runbook_url"]
    answer = client.get(link)
    assert answer.status_code == 200
    assert answer.text == (RUNBOOK / "drill.md").read_text(encoding="utf-8")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("name", ["nothing.md", "..%2Fembedded.py", "%2e%2e", "__init__.py"])
def test_nothing_else_is_served(client: TestClient[Any], name: str) -> None:
    """A name that is no page is answered with those that are."""
    answer = client.get(f"/runbook/{name}")
    assert answer.status_code == 404
    assert "import" not in answer.text


WORDS = {0.02: "two points", 0.05: "a twentieth", 0.1: "a tenth", 0.25: "a quarter", 2: "two"}


def test_what_it_says_of_an_alert_is_what_decides() -> None:
    """Every number of the page is that of the rules, and every detector has its place."""
    page = (RUNBOOK / "indicator-off.md").read_text(encoding="utf-8")
    off, back, deep = WORDS[OFF], WORDS[BACK], WORDS[CRITICAL]
    for sentence in (
        f"buckets that were at least {off} worse than expected (a share {WORDS[SMALL_SHARE]} at",
        f"), {WORDS[OPENS_AFTER]} lay outside the usual interval",
        f"more must lie outside: {_each(SUMS_AFTER)}. ",
        f"Up to {MAY_MISS} buckets may be missing from a stretch",
        f"one that is less than {off} off ends it",
        f"It closes itself after {_each(CLOSES_AFTER)} in a row back within {back} of what",
        f"If it lasts for {_each(NEW_LEVEL)} it closes as the new level",
        f"(critical: {deep} or more)",
        f"was news by itself to a detector ({_named('point')})",
        f"only their sum was news ({_named('sum')})",
        f"{_named('level', 'chart').replace(', `xmr`', ' and `xmr`')} are annotations",
    ):
        assert sentence in page, sentence


def _each(many: dict[Rhythm, int]) -> str:
    """So many buckets of each length, in words."""
    told = [f"{many[rhythm]} {rhythm}s" for rhythm in RHYTHMS]
    return f"{', '.join(told[:-1])} or {told[-1]}"


def _named(*families: str) -> str:
    """The detectors of these families that do not decide by themselves."""
    found = (one for one in DETECTORS.values() if not isinstance(one, Deciding))
    return ", ".join(f"`{one.id}`" for one in found if one.family in families)
