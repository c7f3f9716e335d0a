"""A group on the page: chosen above a board, in the menu, and as a board of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Engine, func, insert, literal, select

from dashboards.page import create_page
from models import tables
from models.mirror import mirror, mirrored
from models.settings import AgencySettings, GroupSettings, Settings
from models.store import open_store
from tests.integration import synthetic_facts
from tests.integration.served_page import synthetic
from tests.integration.synthetic_facts import CATALOGUE, TITLES

COAST = {"harbour": "coast", "transport": "coast", "permits": "inland"}
"""The registry is in no group."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Four agencies, of which three are in groups."""
    with synthetic(tmp_path_factory.mktemp("groups"), injected=False) as engine:
        agencies = {name: AgencySettings(group=group) for name, group in COAST.items()}
        mirror(engine, Settings(agencies=agencies))
        with engine.begin() as connection:
            columns = [literal("group:coast") if c.name == "agency" else c for c in tables.value.c]
            rows = select(*columns).where(tables.value.c.agency == "harbour")
            connection.execute(insert(tables.value).from_select([*tables.value.c.keys()], rows))
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient[Any]]:
    """Its page; one of the groups has a title."""
    titles = {"coast": synthetic_facts.Agency("Coast and sea")}
    titles["desert"] = synthetic_facts.Agency("Desert")
    settings = msgspec.structs.replace(synthetic_facts.Settings(), groups=titles)
    with TestClient(Litestar(create_page(store, settings, CATALOGUE))) as opened:
        yield opened


def tiles(page: str) -> set[str]:
    """The agencies that have a tile."""
    return set(re.findall(r'class="tile[^"]*"[^>]*>.*?href="/agency/([^"]+)"', page, re.DOTALL))


def options(page: str, name: str) -> dict[str, str]:
    """What a drop-down list offers."""
    (held,) = re.findall(rf'<select name="{name}">(.*?)</select>', page)
    return dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', held))


def test_a_group_narrows_the_overview(client: TestClient[Any]) -> None:
    """Tiles, the sentence, and states are of those in it alone."""
    whole, coast = client.get("/").text, client.get("/?group=coast").text
    assert tiles(whole) == {*TITLES}
    assert tiles(coast) == {"harbour", "transport"}
    assert " of 2 agencies" in coast
    wanted = {"": "all groups", "all": "In no group", "coast": "Coast and sea"}
    assert options(coast, "group") == wanted | {"inland": "Group inland"}
    assert tiles(client.get("/?group=all").text) == {"registry"}


def test_a_group_narrows_charts_and_cases(client: TestClient[Any]) -> None:
    """On the board of an indicator, and on that of shocks, whose agencies are those in it."""
    page = client.get("/indicator/within_standard?group=inland").text
    assert re.findall(r'<h3><a href="/agency/([^"]+)">', page) == ["permits"]
    page = client.get("/shocks?group=coast").text
    assert options(page, "agency").keys() == {"", "harbour", "transport"}


def test_an_agency_of_another_group_is_let_go(client: TestClient[Any]) -> None:
    """Whoever chooses another group sees that group, not an empty board."""
    page = client.get("/shocks?group=coast&agency=permits").text
    assert page.replace("agency=permits&amp;", "") == client.get("/shocks?group=coast").text


def test_a_group_has_a_board(client: TestClient[Any]) -> None:
    """With its title, the states of those in it, and their sources and alerts."""
    page = client.get("/agency/group:coast").text
    assert "<h1>Coast and sea</h1>" in page
    assert " of 2 agencies" in page
    assert "has sent no event" not in page
    assert re.findall(r"urn:remote.{0,200}?(Harbour|Regional)", page, re.DOTALL) == [
        "Harbour",
        "Regional",
    ]
    for name in ("In no group", "Group inland", "Coast and sea"):
        assert f">{name}</a></li>" in page


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        ("/agency/permits?group=coast", "/agency/permits"),
        ("/agency/group:coast?group=inland", "/agency/group:coast"),
        ("/provenance?group=coast", "/provenance"),
        ("/pipeline?group=coast", "/pipeline"),
    ],
)
def test_what_a_board_has_no_list_for_is_not_chosen(
    client: TestClient[Any], asked: str, plain: str
) -> None:
    """A group in the address of a board without that list changes nothing on it."""
    said, wanted = client.get(asked).text, client.get(plain).text
    assert re.sub(r"[?&]group=\w+|data-feed=\S+", "", said) == re.sub(r"data-feed=\S+", "", wanted)


def test_why_a_group_has_no_value_is_told_of_those_in_it(client: TestClient[Any]) -> None:
    """The sources of its agencies; it stays chosen in the list."""
    page = client.get("/provenance?agency=group:coast").text
    assert "urn:transport" in page or "Regional Transport" in page
    assert "No event of this agency has come" not in page
    assert options(page, "agency")["group:coast"] == "Coast and sea"


def test_shocks_of_a_group_are_those_of_the_agencies_in_it(client: TestClient[Any]) -> None:
    """Also where it stands as an agency; not where another group is chosen."""
    page = client.get("/shocks?agency=group:coast").text
    assert "No shock in this time" not in page
    assert "Harbour Authority" in page
    page = client.get("/shocks?group=inland&agency=group:coast").text
    assert "Permits &amp; Planning" in page
    assert "Harbour Authority (" not in page


def test_a_group_without_agencies_is_not_steady(client: TestClient[Any]) -> None:
    """It has a title and nobody in it."""
    for path in ("/agency/group:desert", "/?group=desert"):
        page = client.get(path).text
        assert "No agency of this group has sent an event yet." in page
        assert "is steady" not in page


def test_a_chosen_group_stays_chosen_for_an_indicator(client: TestClient[Any]) -> None:
    """Whoever opens an indicator from the overview of a group sees that group."""
    assert 'href="/indicator/waiting?group=coast"' in client.get("/?group=coast").text


def test_the_lines_of_a_group_carry_the_alerts_of_those_in_it(client: TestClient[Any]) -> None:
    """It is not judged itself, and is no more steady than they are."""
    page = client.get("/agency/group:coast").text
    rows = re.findall(r'href="/indicator/(\w+)".*?class="word (\w+)"', page, re.DOTALL)
    states = dict(rows)
    assert (states["within_standard"], states["digital_take_up"]) == ("strained", "steady")


@pytest.mark.parametrize("path", ["/?group=moon", "/agency/group:moon", "/shocks?group=moon"])
def test_a_group_that_is_not_there(client: TestClient[Any], path: str) -> None:
    """404, with those that are."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert "moon" in answer.text
    assert "Coast and sea" in answer.text


def test_one_group_is_nothing_to_choose(tmp_path: Path) -> None:
    """Where everybody is in one group there is no list; its board is that of all."""
    with synthetic(tmp_path, injected=False) as engine:
        app = Litestar(create_page(engine, synthetic_facts.Settings(), CATALOGUE))
        with TestClient(app) as opened:
            assert 'name="group"' not in opened.get("/").text
            page = opened.get("/agency/group:all").text
    assert "<h1>All agencies</h1>" in page
    assert " of 4 agencies" in page


def test_what_is_mirrored_is_what_the_settings_say(tmp_path: Path) -> None:
    """Written once, changed where they change, and gone where they no longer name it."""
    engine = open_store(str(tmp_path / "a.db"))
    agencies = {name: AgencySettings(group=group) for name, group in COAST.items()}
    groups = {"coast": GroupSettings(), "inland": GroupSettings()}
    mirror(engine, Settings(agencies=agencies, groups=groups, targets={"waiting": 12.5}))
    with engine.connect() as connection:
        held = mirrored(connection)
    assert held == {("target", "waiting"): "12.5"} | {("group", n): g for n, g in COAST.items()}
    mirror(engine, Settings(targets={"waiting": 11.0}))
    with engine.connect() as connection:
        assert mirrored(connection) == {("target", "waiting"): "11.0"}
        assert connection.execute(select(func.count()).select_from(tables.setting)).scalar() == 1
    engine.dispose()
