"""Agency keys: who may send, for which agency, which families of events, until when.

A key reads ``hwk_<id>_<secret>``. The secret is 256 random bits and is shown once; the store
keeps a BLAKE2b hash of it, salted per key. A fast hash is enough here: slow ones (scrypt,
argon2) make guessing of *human* passwords dear, while nobody can go through 2**256 random
ones however fast the hash; a slow one would only let strangers burn our processor time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, insert, null, or_, select, update

from models.tables import api_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Engine, Row

PREFIX = "hwk"
FAMILIES = frozenset({"project", "service", "remote", "context"})
GRACE_MS = 7 * 24 * 3_600_000
"""How long the old key stays good after ``rotate``, unless told otherwise: a week."""

REMEMBER_S = 2.0
"""How long a looked-up key is believed without asking the store: revoking works after that."""

_REMEMBER_AT_MOST = 4096
_MAX_HEADER = 512
_ID_BYTES = 8
_DECOY = f"blake2b${'0' * 32}${'0' * 64}"


class KeyProblemError(ValueError):
    """A key cannot be issued, rotated or revoked; the message says why and what to do."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a key allows. ``families`` None: all. ``expires`` in ms since the epoch, or None."""

    key: str
    agency: str
    families: frozenset[str] | None
    expires: int | None


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the list shows it: never its secret. Times in ms since the epoch.

    ``state`` is ``active``, ``expired`` or ``revoked``.
    """

    id: str
    agency: str
    families: list[str]
    created: int
    expires: int | None
    revoked: int | None
    state: str


def issue(
    connection: Connection,
    agency: str,
    *,
    now: int,
    families: Iterable[str] = (),
    expires: int | None = None,
) -> str:
    """Make a key for ``agency`` and return its text, which is not kept and never shown again.

    ``families`` limits what it may send (none named: all). Raises ``KeyProblemError``.
    """
    wanted = sorted(set(families))
    unknown = [family for family in wanted if family not in FAMILIES]
    if unknown:
        known = ", ".join(sorted(FAMILIES))
        message = f"There is no family {', '.join(unknown)}; choose among {known}."
        raise KeyProblemError(message)
    if not agency.strip():
        message = "A key needs an agency: say which one may send with it."
        raise KeyProblemError(message)
    if expires is not None and expires <= now:
        message = "The expiry lies in the past; name a later moment, or none."
        raise KeyProblemError(message)
    identity = secrets.token_hex(_ID_BYTES)
    secret = secrets.token_urlsafe(32)
    salt = secrets.token_hex(16)
    connection.execute(
        insert(api_key).values(
            id=identity,
            agency=agency,
            families=",".join(wanted),
            hash=f"blake2b${salt}${_digest(secret, salt)}",
            created=now,
            expires=expires,
            revoked=None,
        )
    )
    return f"{PREFIX}_{identity}_{secret}"


def rotate(connection: Connection, key: str, *, now: int, grace_ms: int = GRACE_MS) -> str:
    """Issue a successor of key ``key`` (its id) and let the old one end after ``grace_ms``.

    The successor has the same agency and families and no expiry. Raises ``KeyProblemError`` when
    the key is unknown, revoked or expired.
    """
    row = _row(connection, key)
    if _state(row, now) != "active":
        message = f"Key {key} is {_state(row, now)}; issue a new key instead of rotating it."
        raise KeyProblemError(message)
    ends = now + grace_ms if row.expires is None else min(row.expires, now + grace_ms)
    connection.execute(update(api_key).where(api_key.c.id == key).values(expires=ends))
    families = [family for family in row.families.split(",") if family]
    return issue(connection, row.agency, now=now, families=families)


def revoke(connection: Connection, key: str, *, now: int) -> None:
    """End key ``key`` (its id); doors refuse it within five seconds. Revoking twice is fine."""
    _row(connection, key)
    connection.execute(
        update(api_key).where(api_key.c.id == key, api_key.c.revoked.is_(None)).values(revoked=now)
    )


def list_keys(connection: Connection, *, now: int, agency: str | None = None) -> list[Key]:
    """All keys, or those of one agency, oldest first."""
    wanted = select(api_key).order_by(api_key.c.created, api_key.c.id)
    if agency is not None:
        wanted = wanted.where(api_key.c.agency == agency)
    return [
        Key(
            id=row.id,
            agency=row.agency,
            families=[family for family in row.families.split(",") if family],
            created=row.created,
            expires=row.expires,
            revoked=row.revoked,
            state=_state(row, now),
        )
        for row in connection.execute(wanted)
    ]


def any_usable(connection: Connection, *, now: int) -> bool:
    """Whether at least one key can be used: without one, only loopback may be listened on."""
    usable = select(func.count()).where(
        api_key.c.revoked.is_(null()), or_(api_key.c.expires.is_(null()), api_key.c.expires > now)
    )
    return bool(connection.execute(usable).scalar_one())


def authenticate(connection: Connection, header: str, *, now: int) -> Grant | None:
    """What the ``Authorization`` header allows; None for anything wrong, without saying what."""
    text = bearer(header)
    if text is None:
        return None
    prefix, _, rest = text.partition("_")
    identity, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret:
        return None
    row = connection.execute(select(api_key).where(api_key.c.id == identity)).one_or_none()
    # An unknown id costs the same hash, so that time tells nothing about which ids exist.
    _, salt, digest = (row.hash if row else _DECOY).split("$")
    right = hmac.compare_digest(_digest(secret, salt), digest)
    if row is None or not right or _state(row, now) != "active":
        return None
    families = frozenset(family for family in row.families.split(",") if family)
    return Grant(key=row.id, agency=row.agency, families=families or None, expires=row.expires)


def bearer(header: str) -> str | None:
    """The token of a ``Bearer`` header, or None."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _MAX_HEADER:
        return None
    return token


class Keyring:
    """Authenticates headers against the store, remembering answers for two seconds.

    It holds no key: what it remembers is filed under a keyed hash whose key is made afresh
    for each process. Safe to use from several threads.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], int],
        *,
        elapsed: Callable[[], float] = monotonic,
        remember_s: float = REMEMBER_S,
    ) -> None:
        """``clock`` gives ms since the epoch, ``elapsed`` seconds that never run back."""
        self._engine = engine
        self._clock = clock
        self._elapsed = elapsed
        self._remember_s = remember_s
        self._pepper = secrets.token_bytes(32)
        self._known: dict[bytes, tuple[float, Grant | None]] = {}
        self._lock = Lock()

    def authenticate(self, header: str) -> Grant | None:
        """What the header allows, or None. Raises SQLAlchemy's errors if the store fails."""
        if len(header) > _MAX_HEADER:
            return None
        name = hashlib.blake2b(header.encode(), key=self._pepper, digest_size=32).digest()
        elapsed = self._elapsed()
        found = self._known.get(name)
        if found is None or elapsed - found[0] > self._remember_s:
            with self._engine.connect() as connection:
                grant = authenticate(connection, header, now=self._clock())
            with self._lock:
                if len(self._known) >= _REMEMBER_AT_MOST:
                    self._known.clear()
                self._known[name] = (elapsed, grant)
        else:
            grant = found[1]
        if grant is None or (grant.expires is not None and grant.expires <= self._clock()):
            return None
        return grant


def _digest(secret: str, salt: str) -> str:
    return hashlib.blake2b(
        secret.encode(), salt=bytes.fromhex(salt), digest_size=32, person=b"headwind-key"
    ).hexdigest()


def _row(connection: Connection, key: str) -> Row[tuple[object, ...]]:
    row = connection.execute(select(api_key).where(api_key.c.id == key)).one_or_none()
    if row is None:
        message = "There is no key with this id; `headwind keys list` shows them."
        raise KeyProblemError(message)
    return row


def _state(row: Row[tuple[object, ...]], now: int) -> str:
    if row.revoked is not None:
        return "revoked"
    return "active" if row.expires is None or row.expires > now else "expired"
