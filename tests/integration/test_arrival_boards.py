"""Provenance and pipeline: the same rows from SQLite and PostgreSQL, and what the page says of them."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Engine, select

from dashboards import pipeline_questions, provenance_questions
from dashboards.page import create_page
from dashboards.panel import Question, Scope
from dashboards.words import sentence_of
from models import tables
from models.partition import ensure_months
from models.store import open_store
from tests.integration.served_page import synthetic
from tests.integration.synthetic_facts import CATALOGUE, TITLES, Settings
from tests.integration.synthetic_store import DAY, END, new_store, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.servers.postgresql import Postgresql

QUESTIONS: tuple[Question, ...] = (
    provenance_questions.received,
    provenance_questions.reasons,
    provenance_questions.newest,
    provenance_questions.restated,
    provenance_questions.versions,
    pipeline_questions.positions,
    pipeline_questions.workers,
    pipeline_questions.sources,
    pipeline_questions.deliveries,
    pipeline_questions.untold,
)
INDICATORS = tuple(facts.id for facts in CATALOGUE)
SCOPES = (
    Scope(indicators=INDICATORS, since=END - 30 * DAY, until=END),
    Scope(indicators=INDICATORS, agency="harbour", indicator="waiting", since=0, until=END),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A filled store."""
    with synthetic(tmp_path_factory.mktemp("arrivals"), injected=False) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient[Any]]:
    """The page over it."""
    with TestClient(Litestar(create_page(store, Settings(), CATALOGUE))) as opened:
        yield opened


@pytest.fixture(scope="module")
def copied(store: Engine, postgresql: Postgresql) -> Iterator[Engine]:
    """What the questions read, in PostgreSQL: of values the last forty days."""
    engine = open_store(postgresql.database())
    names = ("log", "position", "worker", "source", "refused", "outbox", "delivery", "value")
    with store.connect() as ours, engine.begin() as theirs:
        for name in names:
            table = tables.metadata.tables[name]
            wanted = select(table)
            if name == "value":
                wanted = wanted.where(table.c.window_end > END - 40 * DAY)
            rows = [dict(row) for row in ours.execute(wanted).mappings()]
            if name == "value":
                ensure_months(theirs, {row["window_end"] for row in rows})
            put(theirs, table, rows)
    yield engine
    engine.dispose()


def _rows(engine: Engine, question: Question, scope: Scope) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(question(scope)).mappings()]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_both_stores_answer_alike(store: Engine, copied: Engine, question: Question) -> None:
    """The same rows in the same order, numbers and absences included."""
    for scope in (SCOPES[0], Scope(**{**_fields(SCOPES[1]), "since": END - 30 * DAY})):
        ours, theirs = (_rows(engine, question, scope) for engine in (store, copied))
        assert ours
        assert ours == theirs


def _fields(scope: Scope) -> dict[str, Any]:
    return {name: getattr(scope, name) for name in scope.__struct_fields__}


def test_what_a_source_sent_adds_up(store: Engine) -> None:
    """Late ones are not counted as refused once more; a sender without an event is there."""
    rows = _rows(store, provenance_questions.received, SCOPES[0])
    mine = {row["source"]: row for row in rows if row["agency"] == "permits"}
    assert mine["urn:portal"] | {"last_received": 0} == {
        "agency": "permits",
        "source": "urn:portal",
        "taken": 0.0,
        "accepted": 0,
        "repeats": 0,
        "late": 0,
        "refused": 6,
        "first_time": None,
        "last_time": None,
        "last_received": 0,
        "stale": 0,
    }
    cases = mine["urn:case-system"]
    assert cases["taken"] == pytest.approx(48_213 / (48_213 + 2 + 23))
    assert {row["agency"] for row in rows if row["stale"]} == {"registry"}


def test_reasons_are_counted_once_each(store: Engine) -> None:
    """An event with two problems stands in two rows, a code of another version is not lost."""
    rows = _rows(store, provenance_questions.reasons, Scope(agency="permits"))
    counts = {row["problem"]: row["count"] for row in rows}
    assert counts["missing"] == 6
    assert counts["bad_time"] == 3
    assert counts["beyond_retention"] == 1
    assert counts["no_time_zone"] == 9
    assert sum(counts.values()) == 23 + 7 + 3


def test_a_code_of_another_version_is_not_lost(tmp_path: Path) -> None:
    """It stands as another code."""
    engine = new_store(tmp_path / "store.db")
    row = {"id": "1", "agency": "a", "problems": '[{"code":"invented","pointer":"","message":"x"}]'}
    with engine.begin() as connection:
        put(connection, tables.refused, [row])
    (found,) = _rows(engine, provenance_questions.reasons, Scope())
    assert (found["problem"], found["count"]) == ("another", 1)
    engine.dispose()


def test_an_agency_without_a_value_says_so(store: Engine) -> None:
    """What was never fed has one row with the reason; those without a number come first."""
    rows = _rows(store, provenance_questions.newest, SCOPES[0])
    assert len(rows) == len(TITLES) * len(INDICATORS)
    (absent,) = [row for row in rows if row["status"] == "absent"]
    assert (absent["agency"], absent["indicator"]) == ("transport", "exploit_speed")
    assert absent["reason"] == provenance_questions.NEVER
    order = [row["status"] for row in rows]
    assert order == sorted(order, key=["absent", "low_n", "ok"].index)


def test_restated_values_are_counted_as_they_stand(store: Engine) -> None:
    """Two values of one series, one of them restated twice."""
    (row,) = _rows(store, provenance_questions.restated, SCOPES[0])
    wanted = {"agency": "harbour", "indicator": "waiting", "restated": 2}
    assert wanted.items() <= row.items()
    assert row["revision"] == 2


def test_formulas_in_use(store: Engine) -> None:
    """An indicator whose formula changed has a row for each version."""
    rows = _rows(store, provenance_questions.versions, SCOPES[0])
    found = [
        (row["catalogue_version"], row["values"]) for row in rows if row["indicator"] == "demand"
    ]
    assert found == [(1, 111), (2, 9)]


def test_how_far_the_log_is_applied(store: Engine) -> None:
    """Of each stage; the oldest record that waits gives since when."""
    first, second = _rows(store, pipeline_questions.positions, SCOPES[0])
    assert (first["written"], first["applied"], first["behind"]) == (1003, 1000, 3)
    assert first["behind_since"] == END - 2 * 3_600_000
    assert (second["behind"], second["behind_since"]) == (0, None)


def test_a_log_in_kafka_is_no_log_of_nothing(tmp_path: Path) -> None:
    """Where no record stands in the store, nothing is said to be behind."""
    engine = new_store(tmp_path / "store.db")
    with engine.begin() as connection:
        rows = [{"stage": 1, "partition": part, "applied": 10 + part} for part in range(3)]
        put(connection, tables.position, rows)
    (row,) = _rows(engine, pipeline_questions.positions, Scope())
    assert (row["lanes"], row["applied"]) == (3, 33)
    assert row["written"] is row["behind"] is None
    engine.dispose()


def test_deliveries_by_receiver(store: Engine) -> None:
    """How many of each state; the last error is that of the newest try that failed."""
    rows = {row["channel"]: row for row in _rows(store, pipeline_questions.deliveries, SCOPES[0])}
    counts = {
        name: [row[one] for one in ("told", "pending", "aside", "dead")]
        for name, row in rows.items()
    }
    assert counts == {"desk": [10, 0, 0, 0], "mail": [1, 1, 2, 2], "people": [0, 1, 0, 0]}
    assert rows["mail"]["last_error"] == "HTTP 410"
    assert rows["desk"]["last_error"] == ""
    assert rows["desk"]["delivered"] == END + 3_600_000


def test_an_alert_that_nobody_asked_for_was_told_to_nobody(store: Engine) -> None:
    """A receiver that did not want it is none."""
    (row,) = _rows(store, pipeline_questions.untold, SCOPES[0])
    assert (row["agency"], row["alerts"], row["start"]) == ("harbour", 1, END - 10 * DAY)


def test_no_path_of_the_server_is_shown(client: TestClient[Any]) -> None:
    """An error that names a file is only referred to."""
    page = client.get("/pipeline").text
    assert "/srv/people.url" not in page
    assert "another, see headwind notify log" in page
    assert "HTTP 410" in page
    assert "/srv/people.url" not in client.get("/board/headwind-pipeline.json").text


def _cells(page: str, panel: str) -> list[list[str]]:
    part = (
        page.split(f'id="panel-{panel}"')[1]
        .split("</section>", maxsplit=1)[0]
        .replace("\u00a0", " ")
    )
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)[1:]
    cut = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<.*?>", " ", one).split()) for one in row] for row in cut]


def test_the_page_says_what_a_value_is_made_of(client: TestClient[Any]) -> None:
    """Used and left out in words, from the newest value of the choice alone."""
    (row,) = _cells(client.get("/provenance?agency=harbour&indicator=waiting").text, "newest")
    assert row[0] == "Harbour Authority"
    assert row[1] == "Waiting"
    assert "640 used left out: 31 no due date, 2 ends before start" in row
    (row,) = _cells(
        client.get("/provenance?agency=transport&indicator=exploit_speed").text, "newest"
    )
    assert row[6:8] == ["none yet", sentence_of(provenance_questions.NEVER)]


def test_an_agency_is_said_once_for_its_rows(client: TestClient[Any]) -> None:
    """Its cell spans them, and no row lacks another cell."""
    page = client.get("/pipeline").text
    rows = _cells(page, "arrivals")
    assert [row[0] for row in rows if len(row) == 7] == [escape(title) for title in TITLES.values()]
    assert [len(row) for row in rows].count(6) == len(rows) - len(TITLES)
    assert page.count('rowspan="4"') == 1


def test_choices_and_time(client: TestClient[Any]) -> None:
    """Provenance has an agency, an indicator and a time to choose; the pipeline is now alone."""
    page = client.get("/provenance?agency=harbour").text
    assert '<select name="agency">' in page
    assert '<select name="indicator">' in page
    assert '<option value="harbour" selected>' in page
    assert 'aria-current="true">1 year' in page
    pipeline = client.get("/pipeline?agency=harbour").text
    assert "<select" not in pipeline
    assert 'class="ranges"' not in pipeline
    assert "Civil Registry" in pipeline.split('id="panel-arrivals"')[1]
    for path in ("/provenance", "/pipeline"):
        assert f'<a href="{path}" aria-current="page">' in client.get(path).text
    assert client.get("/provenance?agency=nobody").status_code == 404


def test_empty_numbers_lead_there(client: TestClient[Any]) -> None:
    """Where a board lacks a value, it links to why."""
    assert 'href="/provenance?agency=transport"' in client.get("/agency/transport").text
    assert (
        'href="/provenance?indicator=exploit_speed"' in client.get("/indicator/exploit_speed").text
    )


def test_nothing_but_refused_events_is_shown(tmp_path: Path) -> None:
    """A store without an event leads to what was refused, and says why all else is empty."""
    engine = new_store(tmp_path / "refused.db")
    row = {"id": "1", "agency": "a", "received": END, "event_source": "", "origin": "door"}
    problems = '[{"pointer":"","code":"not_json","message":"x"}]'
    with engine.begin() as connection:
        put(connection, tables.refused, [{**row, "problems": problems}])
    with TestClient(Litestar(create_page(engine, Settings(), CATALOGUE))) as opened:
        assert 'href="/pipeline"' in opened.get("/").text.split("<main")[1]
        page = opened.get("/pipeline").text
        assert _cells(page, "arrivals")[0][:3] == ["a", "no source named", "0.0 %"]
        assert _cells(page, "refused")[0][1].startswith("not_json the text is not one JSON object")
        for said in ("No record was ever applied", "No worker was heard", "No notification:"):
            assert said in page
        assert "No value, because no event" in opened.get("/provenance").text
    engine.dispose()
