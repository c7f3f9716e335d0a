"""The page in a real browser: it draws, asks nobody outside, renews itself, and is inert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import update

from dashboards.page import POLICY, create_page
from models import tables
from tests.integration.browser import CHROMIUM, Browser
from tests.integration.served_page import served, synthetic
from tests.integration.synthetic_facts import CATALOGUE, INJECTION, Settings
from tests.integration.synthetic_store import new_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

TABLES = ("/provenance", "/pipeline")
"""Boards of tables alone."""
BOARDS = ("/", "/agency/harbour", "/indicator/within_standard", "/shocks", *TABLES)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A filled store in which one agency has a hostile name."""
    with synthetic(tmp_path_factory.mktemp("page")) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient[Any]]:
    """The page without a network."""
    with TestClient(Litestar(create_page(store, Settings(), CATALOGUE))) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(store: Engine) -> Iterator[str]:
    """The page on a loopback port."""
    with served(store) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this file."""
    with Browser() as opened:
        yield opened


@needs_chromium
@pytest.mark.parametrize("path", BOARDS)
def test_draws_without_a_word(browser: Browser, address: str, path: str) -> None:
    """Each board draws its charts, says nothing on the console and asks nobody outside."""
    browser.said.clear()
    browser.asked.clear()
    browser.open(address + path)
    charts = browser.value("document.querySelectorAll('.chart').length")
    assert charts >= 1 or path in TABLES
    assert browser.value("document.querySelectorAll('.chart svg').length") == charts
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert browser.said == []
    assert [url for url in browser.asked if not url.startswith((address, "data:"))] == []


BROKEN = """(() => {
  const found = [];
  for (const cell of document.querySelectorAll(".list th, .list .num, .col-bucket_end, .col-opened")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(one => one.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
})()"""
"""Words of heads, numbers and dates that go on in the next line."""


@needs_chromium
@pytest.mark.parametrize("width", [1024, 1280, 1920])
@pytest.mark.parametrize("path", BOARDS)
def test_no_number_is_broken(browser: Browser, address: str, path: str, width: int) -> None:
    """However narrow a table is, a number, a date's part and a head's word stay whole."""
    browser.resize(width, 800)
    browser.open(address + path)
    broken = browser.value(BROKEN)
    browser.resize(1920, 1080)
    assert broken == []


@needs_chromium
def test_renews_itself_in_place(browser: Browser, address: str, store: Engine) -> None:
    """A changed value appears without a reload; scroll, focus and opened details stay."""
    browser.open(f"{address}/agency/permits")
    browser.value("window.stamp = 1; document.body.style.paddingBottom = '900px'; scrollTo(0, 120)")
    browser.value("document.querySelector('.row a').focus({preventScroll: true})")
    browser.value("document.querySelector('.about').open = true")
    browser.value("window.plot = document.querySelector('.chart svg'); 1")
    drawn = browser.value("document.documentElement.dataset.drawn")
    value = tables.value
    with store.begin() as connection:
        connection.execute(
            update(value)
            .where(value.c.agency == "permits", value.c.indicator == "demand")
            .values(value=4321.0)
        )
        connection.execute(update(tables.position).values(applied=tables.position.c.applied + 1))
    browser.wait(f"document.documentElement.dataset.drawn != '{drawn}'")
    assert "4,321" in browser.value("document.querySelector('.row .big').textContent")
    assert browser.value("window.stamp") == 1
    assert browser.value("scrollY") == 120
    assert browser.value("document.activeElement == document.querySelector('.row a')")
    assert browser.value("document.querySelector('.about').open")
    assert browser.value("window.plot.isConnected")


@needs_chromium
@pytest.mark.parametrize(
    "path", ["/", f"/agency/{quote(INJECTION, safe='')}", "/indicator/waiting", "/shocks", *TABLES]
)
def test_hostile_names_are_inert(browser: Browser, address: str, path: str) -> None:
    """A name that is a script, and a reason that is an image, are shown and do nothing."""
    browser.said.clear()
    browser.open(address + path)
    shown = browser.value("document.body.textContent")
    assert INJECTION in shown
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.value("document.scripts.length") == 2
    assert browser.said == []


@needs_chromium
def test_curves_tell_case_and_day(browser: Browser, address: str) -> None:
    """Each group has its lines and one labelled median; the pointer tells case, day and Q."""
    browser.open(f"{address}/shocks?agency=harbour")
    titles = browser.value("[...document.querySelectorAll('.card h3')].map(h => h.textContent)")
    assert titles == ["flood-2025", "Demand, the context: flood-2025"]
    words = browser.value("document.querySelector('#chart-curves-0 svg').textContent")
    assert "median of 6 cases" in words
    assert "1 as expected" in words
    assert "median" not in browser.value(
        "document.querySelector('#chart-curves-1 svg').textContent"
    )
    browser.value(
        "document.querySelector('#chart-curves-0 svg .mark-symbol path').dispatchEvent("
        "new PointerEvent('pointermove', {bubbles: true}))"
    )
    browser.wait("document.querySelector('#vg-tooltip-element.visible')")
    told = browser.value("document.querySelector('#vg-tooltip-element').textContent")
    assert re.search(r"Case:?.*Harbour Authority, .+Within standard", told)
    assert re.search(r"Day:?.*day \d+", told)


@needs_chromium
def test_breaks_stand_on_the_time_axis(browser: Browser, address: str) -> None:
    """A declared crisis is on every row, its word once; a changed definition only on its own."""
    browser.open(f"{address}/agency/harbour")
    rows = "[...document.querySelectorAll('.row')]"
    assert browser.value(f"{rows}[0].querySelector('svg').textContent").count("flood declared") == 2
    later = browser.value(f"{rows}.slice(1).map(row => row.querySelector('svg').textContent)")
    assert not [row for row in later if "flood declared" in row]
    changed = [row for row in later if "definition changed" in row]
    assert len(changed) == 1
    assert browser.value(
        f"{rows}.every(row => row.querySelector('.mark-rule line[stroke-dasharray]'))"
    )
    browser.open(f"{address}/indicator/within_standard")
    cards = browser.value(
        "[...document.querySelectorAll('.card svg')].map(card => card.textContent)"
    )
    assert len([card for card in cards if "flood declared" in card]) == 1
    assert not [card for card in cards if "definition changed" in card]


@needs_chromium
def test_control_limits_stand_on_the_card(browser: Browser, address: str) -> None:
    """Limits step at a new baseline; a special cause has a shape of its own beside its colour."""
    browser.open(f"{address}/indicator/remote_readiness")
    cards = "[...document.querySelectorAll('.card')]"
    limits = 'path[stroke-dasharray="6,4"]'
    drawn = browser.value(
        f"Object.fromEntries({cards}.map(card => [card.querySelector('h3').textContent, "
        f"[card.querySelectorAll('{limits}').length, "
        "card.querySelector('svg.marks').textContent.includes('new baseline')]]))"
    )
    assert drawn["Harbour Authority"] == [4, True]
    assert drawn["Permits & Planning"] == drawn["Civil Registry"] == [2, False]
    assert drawn["Regional Transport"] == [0, False]
    shapes = browser.value(
        f"{cards}.map(card => [...card.querySelectorAll('.mark-symbol path')]"
        ".map(dot => dot.getAttribute('fill') + ' ' + dot.getAttribute('d').replace(/[^A-Za-z]/g, '')))"
    )
    by_colour = {
        colour: {one.split()[1] for card in shapes for one in card if one.split()[0] == colour}
        for colour in ("#A6A6A6", "#00B0F0", "#E46C0A")
    }
    assert all(len(one) == 1 for one in by_colour.values())
    assert len(set.union(*by_colour.values())) == 3


def test_icons_say_variation_and_assurance(client: TestClient[Any]) -> None:
    """In letters and words; the new baseline of one agency, the trial limits of another."""
    page = client.get("/indicator/remote_readiness").text.replace("\u00a0", " ")
    cards = {
        re.sub(r"<.*?>", "", card.split("<h3>")[1].split("</h3>")[0]): " ".join(
            re.sub(r"<.*?>", " ", card.split('<p class="control')[1].split("</p>")[0]).split()
        )
        for card in page.split('<li class="card">')[1:]
        if '<p class="control' in card
    }
    assert cards["Harbour Authority"].count("common cause") == 2
    assert "P target met consistently (71.0 %)" in cards["Harbour Authority"]
    assert "mean 81" in cards["Harbour Authority"]
    assert "H improvement, high" in cards["Permits &amp; Planning"]
    assert "special cause, improvement: " in page
    assert "L concern, low" in cards["Civil Registry"]
    assert "beyond the lower limit" in page
    assert "? target hit or missed by chance" in cards["Regional Transport"]
    assert "on trial, 10 of 12 buckets" in cards["Regional Transport"]
    assert 'class="control' not in client.get("/indicator/within_standard").text


def test_case_files_stand_in_the_table(client: TestClient[Any]) -> None:
    """Open ones first, each with its state in words, what has not come yet, and its agency."""
    page = client.get("/shocks").text
    rows = re.findall(r"<tr>.*?</tr>", page.split('id="panel-cases"')[1], re.DOTALL)[1:]
    assert len(rows) == 10
    assert 'href="/agency/registry"' in rows[0]
    assert rows[0].count("not yet") == 3
    assert ">recovering<" in rows[0]
    assert page.count(">not yet<") == 3
    better = next(row for row in rows if "thriving" in row)
    assert "+5.0&nbsp;%" in better or "+5.0\u00a0%" in better
    assert "+2.0 to +8.0" in better
    assert "12 hours" in better.replace("\u00a0", " ")


def test_the_slowest_services_are_named(client: TestClient[Any]) -> None:
    """The three services that took longest; one that is not back yet says how long it has been."""
    page = client.get("/shocks").text.replace("\u00a0", " ")
    assert "10 case files: 1 not back yet, 1 thriving, 8 restored." in page
    slowest = "waste water (50 days), dredging (44 days) and berth permits (38 days)."
    assert f"Slowest to recover in Harbour Authority: {slowest}" in page
    page = client.get("/shocks?agency=registry").text.replace("\u00a0", " ")
    assert "Slowest to recover: extracts (not back after 30 days)." in page


def test_shocks_are_chosen_by_agency_and_time(client: TestClient[Any]) -> None:
    """Three years unless asked; an agency, an indicator or a shorter time leaves others out."""
    for chosen, files in (
        ("", "10 case files"),
        ("?agency=registry", "1 case file:"),
        ("?indicator=demand", "1 case file:"),
        ("?since=2026-10-01", "1 case file:"),
        ("?agency=transport", "No shock in this time."),
    ):
        assert files in client.get(f"/shocks{chosen}").text, chosen
    assert 'aria-current="true">3 years' in client.get("/shocks").text
    assert 'aria-current="true">1 year' in client.get("/").text


@pytest.mark.parametrize("path", BOARDS)
def test_every_board_is_whole_without_script(client: TestClient[Any], path: str) -> None:
    """The HTML alone has the ribbon, data complete to, landmarks, headings and strict headers."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    for part in ("Invented data", "Data complete to", "<main", "<h1>", "<nav", "As a table"):
        assert part in answer.text or (
            part == "As a table" and (path.startswith("/agency") or path in TABLES)
        )
    assert "How to read this" in answer.text


def test_feed_is_not_sent_twice(client: TestClient[Any]) -> None:
    """The feed answers 304 to a reader that has this version."""
    first = client.get("/board/headwind-overview.json")
    again = client.get(
        "/board/headwind-overview.json", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert first.status_code == 200
    assert again.status_code == 304
    assert again.content == b""


def test_daily_lines_are_thinned(client: TestClient[Any]) -> None:
    """Three years of days reach the browser as at most 600 points a line."""
    answer = client.get("/board/headwind-indicator.json?indicator=demand&since=2023-11-25")
    figures = answer.json()["panels"][0]["figures"]
    assert figures
    assert all(0 < len(figure["data"]["points"]) <= 600 for figure in figures)
    page = client.get("/indicator/demand?since=2023-11-25").text
    assert "values drawn" in page


def test_unknown_names_are_met_kindly(client: TestClient[Any]) -> None:
    """An unknown agency or indicator gives 404 and a list of those that exist."""
    for path in ("/agency/%3Cb%3Enobody", "/indicator/nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "These exist" in answer.text
        assert "<b>nobody" not in answer.text
    assert client.get("/board/headwind-nothing.json").status_code == 404


def test_a_bad_date_is_explained(client: TestClient[Any]) -> None:
    """A date that is none gives 400 and says how to write one."""
    answer = client.get("/?since=yesterday")
    assert answer.status_code == 400
    assert "2026-01-31" in answer.text


def test_empty_store_says_what_to_do(tmp_path: Path) -> None:
    """An empty store names the three ways to fill it."""
    engine = new_store(tmp_path / "empty.db")
    with TestClient(Litestar(create_page(engine, Settings(), CATALOGUE))) as opened:
        answer = opened.get("/")
        assert answer.status_code == 200
        for typed in ("headwind demo", "headwind load", "headwind keys issue", "curl "):
            assert typed in answer.text
        assert opened.get("/board/headwind-overview.json").status_code == 404
    engine.dispose()
