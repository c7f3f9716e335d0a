"""How an agency's system tells what happened: events as lines, and when it has them ready."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from models.events import Data

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.region import Agency

CDEVENTS: Final = "0.2.0"
LONGEST_DELAY_MS: Final = 5 * 3_600_000
"""Longest time between an event and its being ready to be sent; sending comes on top."""

_encode: Final = msgspec.json.Encoder().encode


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: datetime
    agency: str
    data: Data


class Told(NamedTuple):
    """Lines of one source of an agency, each with the time at which it was ready (ms)."""

    agency: str
    source: str
    ready: NDArray[np.int64]
    lines: list[bytes]


def randomness(seed: int, agency: Agency, family: str) -> Generator:
    """Draws of their own for each agency and family, so that one does not disturb another."""
    return np.random.default_rng([seed, zlib.crc32(f"{agency.id} {family}".encode())])


def moments(ms: NDArray[np.int64]) -> list[datetime]:
    """Instants in ms as datetimes in UTC, to the second."""
    return [datetime.fromtimestamp(s, UTC) for s in (ms // 1000).tolist()]


def moment(ms: float) -> datetime:
    """One instant in ms as datetime in UTC, to the second."""
    return datetime.fromtimestamp(int(ms) // 1000, UTC)


def delays(size: int, rng: Generator) -> NDArray[np.int64]:
    """How long it takes (ms) until an event is ready: minutes mostly, hours at times."""
    drawn = rng.lognormal(np.log(18 * 60_000), 1.1, size)
    return np.clip(drawn, 60_000, LONGEST_DELAY_MS).astype(np.int64)


def encode(
    agency: Agency, source: str, ids: Iterable[str], times: Iterable[datetime], data: Iterable[Data]
) -> list[bytes]:
    """Events as CloudEvents, one JSON object each."""
    name, whole = agency.id, f"{agency.id}/{source}"
    return [
        _encode(_Envelope(id=key, source=whole, type=_type(one), time=at, agency=name, data=one))
        for key, at, one in zip(ids, times, data, strict=True)
    ]


def tell(
    agency: Agency,
    source: str,
    happened: Sequence[tuple[float, Data]],
    rng: Generator,
    prefix: str,
) -> Told:
    """Tell (ms, data) in order of time; ids count up behind ``prefix``."""
    ordered = sorted(happened, key=lambda one: one[0])
    at = np.array([one[0] for one in ordered], np.float64).astype(np.int64) // 1000 * 1000
    ids = [f"{agency.code}-{prefix}-{number}" for number in range(len(ordered))]
    lines = encode(agency, source, ids, moments(at), [one[1] for one in ordered])
    return Told(agency.id, f"{agency.id}/{source}", at + delays(len(ordered), rng), lines)


def _type(data: Data) -> str:
    return f"{data.TYPE}.{CDEVENTS}" if data.VERSIONS else data.TYPE
