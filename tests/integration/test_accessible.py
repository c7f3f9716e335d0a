"""Every screen of the page as axe-core judges it, in a real browser, light and dark, wide and narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dashboards.board import boards
from tests.fetched import fetched
from tests.integration.browser import Browser
from tests.integration.served_page import served, synthetic
from tests.integration.synthetic_facts import INJECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

SCREENS = {
    "headwind-overview": ["/"],
    "headwind-agency": ["/agency/harbour", f"/agency/{quote(INJECTION, safe='')}"],
    "headwind-indicator": ["/indicator/within_standard", "/indicator/remote_readiness"],
    "headwind-shocks": ["/shocks"],
    "headwind-provenance": ["/provenance", "/provenance?agency=harbour&indicator=waiting"],
    "headwind-pipeline": ["/pipeline"],
}
NOTICES = ("/agency/nobody", "/?since=yesterday")
SIZES = ((1920, 1080), (1280, 800))
RUN = """axe.run(document, {
  runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa"]},
  resultTypes: ["violations"],
}).then(found => found.violations.map(one => ({
  rule: one.id, impact: one.impact, help: one.help,
  nodes: one.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + " | " + node.failureSummary),
})))"""
OPEN = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    return (fetched("axe-core") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over a filled store, on a loopback port."""
    with synthetic(tmp_path_factory.mktemp("accessible")) as engine, served(engine) as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all tests of this file."""
    with Browser() as opened:
        yield opened


def judged(browser: Browser, axe: str) -> list[dict[str, Any]]:
    """What is seriously wrong with what the browser shows."""
    browser.value(axe)
    found = browser.promise(RUN)
    return [one for one in found if one["impact"] in {"serious", "critical"}]


def test_every_board_is_judged() -> None:
    """A new board has to be named here."""
    assert set(SCREENS) == set(boards())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [path for paths in SCREENS.values() for path in paths])
def test_nothing_serious(browser: Browser, address: str, axe: str, path: str, scheme: str) -> None:
    """No violation of WCAG 2.1 A and AA that is serious or critical, details closed and opened."""
    browser.prefer(scheme)
    for size in SIZES:
        browser.resize(*size)
        browser.open(address + path)
        assert judged(browser, axe) == [], size
        browser.value(OPEN)
        assert judged(browser, axe) == [], (size, "opened")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", NOTICES)
def test_notices(browser: Browser, address: str, axe: str, path: str, scheme: str) -> None:
    """Nor on the screens that say what cannot be shown."""
    browser.prefer(scheme)
    browser.resize(*SIZES[1])
    browser.open(address + path, drawn=False)
    assert judged(browser, axe) == []


def test_it_would_be_seen(browser: Browser, address: str, axe: str) -> None:
    """Grey words on grey, and a list without a name, are found where they are put in."""
    browser.prefer("light")
    browser.open(f"{address}/pipeline")
    browser.value(
        "document.querySelector('.question').style.color = '#ccc';"
        "document.querySelector('main').append(document.createElement('select'))"
    )
    assert {one["rule"] for one in judged(browser, axe)} == {"color-contrast", "select-name"}
