"""Files into a real store: what was broken off goes on, and what is a person's stays out."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors._checkpoint import read_checkpoint
from connectors._mapping import parse_mapping
from connectors._publish import EmbeddedPublisher
from connectors.file import load
from models.log import read
from models.store import open_store
from models.tables import refused
from tests.unit.shelf import CASES, HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from connectors._publish import Batch
    from connectors._report import LoadReport

PLANTED = "jane.doe@example.org"


class _Breaking:
    """Publishes for real, and breaks at a given call: before it, or after it is durable."""

    def __init__(self, engine: Engine, call: int, *, after: bool) -> None:
        self._inner = EmbeddedPublisher(engine)
        self._left = call
        self._after = after

    def publish(self, batches: Sequence[Batch]) -> None:
        """Publish, or break."""
        self._left -= 1
        if self._left < 0 and not self._after:
            raise KeyboardInterrupt
        self._inner.publish(batches)
        if self._left < 0:
            raise KeyboardInterrupt


def _load(path: Path, engine: Engine, publisher: EmbeddedPublisher | _Breaking) -> LoadReport:
    return load(
        [path],
        mapping=parse_mapping(CASES),
        agency="town",
        publisher=publisher,
        clock=lambda: int(time.time() * 1000),
        dry_run=False,
        progress=lambda _: None,
        checkpoint=partial(read_checkpoint, engine),
    )


def _content(engine: Engine) -> tuple[list[bytes], list[tuple[str, str]]]:
    """Bodies of the log, and what stands in quarantine."""
    with engine.connect() as connection:
        bodies = [record.body for record in read(connection, 1, 0, 1 << 30)]
        rows = connection.execute(select(refused.c.id, refused.c.origin).order_by(refused.c.id))
        return bodies, [(row.id, row.origin) for row in rows]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A file of 25,000 cases, some of them bad, one with a person's address in it."""
    rows = [f"c-{i},Permits,2020-03-02T10:{i % 60:02}:00Z,\n" for i in range(25_000)]
    rows[7] = f"c-7,{PLANTED},2020-03-02T10:00:00Z,\n"
    rows[9] = f"c-9,Permits,{PLANTED},\n"
    path = tmp_path / "cases.csv"
    path.write_text(HEADER + "".join(rows))
    return path


def test_what_was_broken_off_goes_on(tmp_path: Path, cases: Path) -> None:
    """Broken at any commit, before or behind it, the store ends as if nothing had happened."""
    whole = open_store(str(tmp_path / "whole.db"))
    _load(cases, whole, EmbeddedPublisher(whole))
    expected = _content(whole)
    assert sum(body.count(b"\n") for body in expected[0]) == 24_999
    assert [origin for _, origin in expected[1]] != []
    for call in range(3):
        for after in (False, True):
            engine = open_store(str(tmp_path / f"broken-{call}-{after}.db"))
            with pytest.raises(KeyboardInterrupt):
                _load(cases, engine, _Breaking(engine, call, after=after))
            _load(cases, engine, EmbeddedPublisher(engine))
            assert _content(engine) == expected
            assert _load(cases, engine, EmbeddedPublisher(engine)).files[0].state == "already sent"
            assert _content(engine) == expected
            engine.dispose()
    whole.dispose()


def test_a_persons_address_is_in_no_file(tmp_path: Path, cases: Path) -> None:
    """The planted address stands in no byte of the store; its rows are in quarantine."""
    engine = open_store(str(tmp_path / "store.db"))
    report = _load(cases, engine, EmbeddedPublisher(engine))
    bodies, kept = _content(engine)
    origins = {origin for _, origin in kept}
    assert not any(PLANTED.encode() in body for body in bodies)
    engine.dispose()
    assert report.exit_code == 1
    assert origins == {"cases.csv row 9", "cases.csv row 11"}
    for path in tmp_path.glob("store.db*"):
        assert PLANTED.encode() not in path.read_bytes()
