"""The runbook over HTTP, where notifications link to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from deploy.runbook_pages import RUNBOOK, runbook
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
