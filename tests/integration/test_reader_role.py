"""The role that Grafana reads with: what it may see of a store, and what it may not.

deploy/grafana/reader.sql is run by psql on a real PostgreSQL, as an operator runs it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import Table, insert

from deploy.servers import MissingServerError
from deploy.servers import postgresql as servers
from deploy.servers.postgresql import Postgresql
from models import tables
from models.partition import ensure_months
from models.store import open_store, shared
from tests.conftest import ROOT, missing
from tests.integration import filled_in
from tests.integration.test_panel_queries import CHOICES, targets

HERE = ROOT / "deploy" / "grafana"
PASSWORD = 'it\'s $a \\ "strange" one'
JANUARY = 1_767_225_600_000 + 86_400_000
FEBRUARY = JANUARY + 31 * 86_400_000
WHOLE = {
    "value",
    "expected",
    "signal",
    "alert",
    "shock",
    "quality",
    "beside",
    "mark",
    "source",
    "setting",
    "position",
    "worker",
    "delivery",
}
IN_PART = {
    "log": {"stage", "partition", "position", "received"},
    "outbox": {"id", "alert", "transition", "agency", "created"},
    "refused": {*tables.refused.c.keys()} - {"payload"},
}
"""Tables of which only these columns may be read."""


def grant(address: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    """Run the file as its head says."""
    try:
        psql = servers.program("psql")
    except MissingServerError as error:
        missing(str(error))
    return subprocess.run(
        [psql, "--no-psqlrc", address, "-f", HERE / "reader.sql"],
        env={**os.environ, "HEADWIND_READER_PASSWORD": password},
        capture_output=True,
        check=False,
        text=True,
    )


def row_of(end: int, figure: float) -> dict[str, object]:
    """One value whose window ends then (ms)."""
    return {
        "indicator": "waiting",
        "agency": "permits",
        "unit": "",
        "service": "",
        "stratum": "",
        "rhythm": "day",
        "span": "window",
        "window_end": end,
        "revision": 0,
        "window_start": end - 86_400_000,
        "value": figure,
        "n": 50,
        "coverage": 1.0,
        "status": "ok",
        "reason": "",
        "catalogue_version": 1,
        "recorded": end,
        "detail": "{}",
        "latest": True,
    }


@pytest.fixture(scope="module")
def address(postgresql: Postgresql) -> str:
    """A store with a month of values and a refused event, in which the reader has been let."""
    url = postgresql.database()
    engine = open_store(url)
    with shared(engine) as connection:
        ensure_months(connection, [JANUARY])
        connection.execute(insert(tables.value), [row_of(JANUARY, 1.5)])
        connection.execute(
            insert(tables.refused),
            [
                dict.fromkeys(IN_PART["refused"] - {"received"}, "x")
                | {"received": 1, "payload": b"secret"}
            ],
        )
    engine.dispose()
    done = grant(url)
    assert done.returncode == 0, done.stderr
    return url


@pytest.fixture
def reader(address: str) -> Iterator[psycopg.Connection]:
    """A session of the reader."""
    with psycopg.connect(as_reader(address), autocommit=True) as connection:
        yield connection


def as_reader(address: str, password: str = PASSWORD) -> str:
    """The address, for the reader with a password."""
    return make_conninfo(address, user="headwind_reader", password=password)


def refused(connection: psycopg.Connection, question: str) -> bool:
    """Whether it is a question that this role may not ask."""
    try:
        connection.execute(question.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_it_reads_results(reader: psycopg.Connection) -> None:
    """Values through the whole table, and what was refused without what was sent."""
    assert reader.execute("SELECT value FROM value").fetchall() == [(1.5,)]
    assert reader.execute("SELECT event_id, problems FROM refused").fetchall() == [("x", "x")]


def test_it_reads_a_month_that_is_made_later(address: str, reader: psycopg.Connection) -> None:
    """Without a further grant, through the whole; the month by itself is nobody's to name."""
    engine = open_store(address)
    with shared(engine) as connection:
        ensure_months(connection, [FEBRUARY])
        connection.execute(insert(tables.value), [row_of(FEBRUARY, 2.5)])
    engine.dispose()
    question = f"SELECT value FROM value WHERE window_end = {FEBRUARY}"
    assert reader.execute(question.encode()).fetchall() == [(2.5,)]
    assert refused(reader, "SELECT value FROM value_2026_02")


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_it_may_read_what_is_listed_and_no_more(table: Table, reader: psycopg.Connection) -> None:
    """Column by column, of every table there is."""
    known = {*table.c.keys()}
    wanted = known if table.name in WHOLE else IN_PART.get(table.name, set())
    found = {name for name in known if not refused(reader, f'SELECT "{name}" FROM {table.name}')}
    assert found == wanted
    assert refused(reader, f"SELECT * FROM {table.name}") is (found != known)


def test_tables_of_other_programs_are_not_its_own(address: str) -> None:
    """Nor is a table that comes later: there are no default privileges."""
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (secret text)")
    with psycopg.connect(as_reader(address), autocommit=True) as connection:
        assert refused(connection, "SELECT secret FROM later")
        assert refused(connection, "SELECT version_num FROM alembic_version")


@pytest.mark.parametrize(
    "deed",
    [
        "INSERT INTO value SELECT * FROM value",
        "UPDATE value SET value = 0",
        "DELETE FROM alert",
        "TRUNCATE signal",
        "DROP TABLE value",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "ALTER ROLE headwind_reader SUPERUSER",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY value TO PROGRAM 'cat'",
    ],
)
def test_it_changes_nothing(deed: str, reader: psycopg.Connection) -> None:
    """A session only reads; and one that says it does not may not write either."""
    with pytest.raises(
        (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)
    ):
        reader.execute(deed.encode())
    reader.execute("SET default_transaction_read_only = off")
    assert refused(reader, deed)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("TimeZone", "UTC"),
    ],
)
def test_its_sessions_are_bounded(name: str, setting: str, reader: psycopg.Connection) -> None:
    """Each begins with these settings."""
    assert reader.execute(f"SHOW {name}".encode()).fetchall() == [(setting,)]


def test_it_is_run_again(address: str) -> None:
    """A right that is granted no longer is taken back; the password may be a new one."""
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("GRANT SELECT ON api_key TO headwind_reader")
        owner.execute("GRANT SELECT (payload) ON refused TO headwind_reader")
    done = grant(address)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(as_reader(address), autocommit=True) as connection:
        assert refused(connection, "SELECT hash FROM api_key")
        assert refused(connection, "SELECT payload FROM refused")
        assert not refused(connection, "SELECT problems FROM refused")


def test_without_a_password_nobody_is_let_in(postgresql: Postgresql) -> None:
    """The file says so, and leaves everything as it was."""
    url = postgresql.database()
    open_store(url).dispose()
    done = grant(url, password="")
    assert done.returncode == 3
    assert "HEADWIND_READER_PASSWORD is not set" in done.stderr
    with psycopg.connect(url) as owner:
        question = "SELECT has_table_privilege('public', 'value', 'SELECT'), relacl FROM pg_class"
        assert owner.execute(f"{question} WHERE relname = 'value'".encode()).fetchall() == [
            (False, None)
        ]


def test_the_boards_need_no_more(address: str, reader: psycopg.Connection) -> None:
    """Every question of every board is one that this role may ask."""
    asked = 0
    for one in targets():
        text = filled_in.sql(one.text, CHOICES, JANUARY, FEBRUARY)
        reader.execute(text.encode()).fetchall()
        asked += 1
    assert asked > 50


def test_only_the_reader_gets_in_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules of the containers: with its password, and nobody else but over the loopback."""
    rules = tmp_path / "pg_hba.conf"
    rules.write_text((HERE / "pg_hba.conf").read_text(encoding="utf-8"), encoding="utf-8")
    rules.chmod(0o644)
    monkeypatch.setitem(servers.SETTINGS, "hba_file", str(rules))
    folder = tmp_path / "server"
    folder.mkdir()
    try:
        server = Postgresql(folder)
    except MissingServerError as error:
        missing(str(error))
    try:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as owner:
            owner.execute("CREATE DATABASE headwind")
        address = server.dsn("headwind")
        open_store(address).dispose()
        assert grant(address).returncode == 0
        with psycopg.connect(address) as owner:
            found = owner.execute(
                "SELECT database, user_name, address, auth_method, error FROM pg_hba_file_rules "
                "WHERE type = 'host' ORDER BY line_number"
            ).fetchall()
        assert found == [
            (["all"], ["headwind"], "127.0.0.1", "trust", None),
            (["headwind"], ["headwind_reader"], "all", "scram-sha-256", None),
        ]
        psycopg.connect(as_reader(address)).close()
        for wrong in ("wrong", ""):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(as_reader(address, wrong)).close()
    finally:
        server.stop()
