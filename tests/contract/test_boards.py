"""What every board must keep to; boards are found, so a new one is tested by being there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, create_engine, make_url

from dashboards.board import UID, Board, boards
from dashboards.kinds.table import COLUMN_NAMES
from dashboards.panel import COLUMNS, Panel, Question, Scope
from models.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECTS = tuple(make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://"))
BOARDS = list(boards().values())
PANELS = [
    pytest.param(panel, id=f"{board.uid}/{panel.id}") for board in BOARDS for panel in board.panels
]
QUESTIONS = [
    pytest.param(panel, name, question, id=f"{board.uid}/{panel.id}/{name or 'question'}")
    for board in BOARDS
    for panel in board.panels
    for name, question in {"": panel.question, **panel.overlays}.items()
]
SCOPES = (
    Scope(indicators=("demand", "waiting"), indicator="demand"),
    Scope(indicators=("demand",), agency='O\'Brien & "sons"', unit="u", service="s", stratum="x"),
    Scope(),
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """An empty store."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_board(board: Board) -> None:
    """A board has a uid of the pattern, a question, and panels whose ids are unique."""
    assert UID.fullmatch(board.uid)
    assert board.question.endswith("?")
    assert board.reading
    ids = [panel.id for panel in board.panels]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("panel", PANELS)
def test_panel(panel: Panel) -> None:
    """A panel says which time it shows, what, from what n, and in which unit."""
    assert panel.title.endswith((" now", " as restated"))
    assert len(panel.description.split()) >= 12
    assert panel.description.endswith(".")
    assert panel.unit
    if panel.kind == "table":
        assert set(panel.columns) <= COLUMN_NAMES


@pytest.mark.parametrize(("panel", "name", "question"), QUESTIONS)
def test_question_compiles(panel: Panel, name: str, question: Question) -> None:
    """Every question compiles for SQLite and PostgreSQL and has the columns of its kind."""
    for scope in SCOPES:
        asked = question(scope)
        for dialect in DIALECTS:
            literal = {"literal_binds": True}
            assert str(asked.compile(dialect=dialect, compile_kwargs=literal))
        if not name:
            assert set(COLUMNS[panel.kind]) <= set(asked.selected_columns.keys())


@pytest.mark.parametrize(("panel", "name", "question"), QUESTIONS)
def test_question_runs_on_an_empty_store(
    panel: Panel, name: str, question: Question, connection: Connection
) -> None:
    """An empty store answers every question with no row."""
    for scope in SCOPES:
        assert connection.execute(question(scope)).all() == []


@pytest.mark.parametrize(("panel", "name", "question"), QUESTIONS)
def test_question_seeks(
    panel: Panel, name: str, question: Question, connection: Connection
) -> None:
    """No question walks through all of ``value``: SQLite plans a search by index for it."""
    compiled = question(SCOPES[0]).compile(
        dialect=DIALECTS[0], compile_kwargs={"literal_binds": True}
    )
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
    steps = [str(row[3]) for row in plan]
    assert not [step for step in steps if step.startswith("SCAN value")], steps
    for step in steps:
        if step.startswith("SEARCH value"):
            assert "agency=?" in step, step
            assert "indicator=?" in step, step
