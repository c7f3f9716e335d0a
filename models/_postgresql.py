"""A store in PostgreSQL: opened, checked and made here, with the manners of the SQLite one.

``begin()`` holds the store's write lock from its first statement to its end, as SQLite does, so
that positions of the log have no hole and no two writers cross; ``connect()`` reads one
consistent snapshot and cannot write. Whoever shares the work by partition, fenced by tokens,
says ``shared()`` instead and takes no lock.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, create_engine, func, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError

from models.migrate import prepare, stands
from models.store import APPLICATION, befallen
from models.store_error import StoreBusyError, StoreError, StoreFullError, StoreNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

OLDEST: Final = 130000
"""The oldest server that is good enough, as PostgreSQL counts its versions: 13."""

CONNECT_S: Final = 10
"""How long a server may take to answer a connection."""

STATEMENT_S: Final = 120
"""How long one statement may take: longer than any of ours, shorter than a night."""

IDLE_S: Final = 300
"""How long a transaction may lie open without a word before the server ends it."""


class PostgresqlStore(Engine):
    """An engine that reads by snapshots and writes one at a time."""

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction that holds the store's write lock."""
        with self.shared() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(APPLICATION)))
            yield connection

    @contextlib.contextmanager
    def shared(self) -> Iterator[Connection]:
        """A writing transaction beside others."""
        with befallen(where(self.url)), super().connect() as connection, connection.begin():
            yield connection

    def connect(self) -> Connection:
        """A reading transaction: one snapshot from its first statement to its end."""
        connection = super().connect()
        return connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )


def open_postgresql(url: URL, *, patience_s: float, make: bool) -> Engine:
    """Open the store at ``url``. Raises ``StoreError`` with a sentence for a person."""
    if not url.database:
        message = (
            "--store names a server and no database; add its name, as in "
            "postgresql://headwind@db.example.org/headwind."
        )
        raise StoreNameError(message)
    settings = {
        "statement_timeout": STATEMENT_S * 1000,
        "lock_timeout": round(patience_s * 1000),
        "idle_in_transaction_session_timeout": IDLE_S * 1000,
        "timezone": "UTC",
    }
    created = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": "headwind",
            "options": " ".join(f"-c {name}={setting}" for name, setting in settings.items()),
        },
        pool_pre_ping=True,
        # An error's parameters would carry parts of events into messages and logs.
        hide_parameters=True,
    )
    engine = PostgresqlStore(created.pool, created.dialect, created.url, hide_parameters=True)
    try:
        with befallen(where(url)):
            _prepare(engine, where(url), make=make)
    except StoreError:
        engine.dispose()
        raise
    return engine


def where(url: URL) -> str:
    """How a store is named to people: host and database, never a password."""
    return f"{url.host or 'the local PostgreSQL'}/{url.database}"


def _prepare(engine: PostgresqlStore, name: str, *, make: bool) -> None:
    with engine.connect() as connection:
        version = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
        if int(version) < OLDEST:
            message = f"{name} is PostgreSQL {int(version) // 10_000}; 13 or later is needed."
            raise StoreError(message)
        if not make and not inspect(connection).get_table_names():
            message = (
                f"there is no store in {name} yet; make one: headwind demo, headwind load, "
                "headwind serve."
            )
            raise StoreNameError(message)
        if stands(connection):
            return
    with engine.begin() as connection:
        prepare(connection, name)


def is_circumstance(error: DBAPIError) -> bool:
    """Whether an error is about the server and its disk, and not a fault of ours."""
    state = _state(error)
    return isinstance(error, OperationalError) or any(state.startswith(one) for one in SENTENCES)


def sentence(name: str, error: DBAPIError) -> StoreError:
    """What befell, in words for a person; nothing of a statement or its values is in them."""
    # A connection that never came about has no state, only the client library's words.
    state = _state(error) or _guessed(str(error.orig))
    for known, (kind, words) in SENTENCES.items():
        if state.startswith(known):
            return kind(f"{name} {words}")
    return StoreError(f"{name} could not be used (SQLSTATE {state}).")


SENTENCES: Final[dict[str, tuple[type[StoreError], str]]] = {
    "55P03": (StoreBusyError, "is locked by another writer; try again later."),
    "57014": (StoreBusyError, "took too long over a statement; try again later."),
    "53100": (StoreFullError, "has a full disk; free space, then try again."),
    "53": (StoreBusyError, "has no room for more connections or memory; try again later."),
    "28": (StoreError, "does not let us in; check the user, and the password in PGPASSFILE."),
    "3D000": (StoreNameError, "does not exist; create it first (createdb)."),
    "42501": (StoreError, "does not let this user do that; grant it the schema."),
    "25006": (StoreError, "is read-only; name the primary server."),
    "08": (StoreBusyError, "does not answer; start the server, or check host and port."),
    "57": (StoreBusyError, "was stopped; start the server, then try again."),
}
"""What to say, by SQLSTATE or the class that it begins with; the first that fits."""

_GUESSES: Final = {"does not exist": "3D000", "authentication": "28000", "no pg_hba": "28000"}


def _guessed(words: str) -> str:
    return next((state for part, state in _GUESSES.items() if part in words), "08006")


def _state(error: DBAPIError) -> str:
    found: Any = getattr(error.orig, "sqlstate", None)
    return str(found or "")
