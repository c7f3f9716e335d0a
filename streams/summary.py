"""What stage one tells stage two: the mergeable parts of a closed bucket, or a silence."""

from __future__ import annotations

from typing import Any

import msgspec

from models.value import Cell


class Summary(msgspec.Struct, frozen=True, tag="summary"):
    """One cell of one closed bucket; ``parts`` as the indicator's ``freeze`` gave them.

    ``last`` marks the bucket's last cell: the agency has said all of it.
    """

    agency: str
    indicator: str
    line: int
    number: int
    cell: Cell
    parts: Any
    exposure: int
    usage: dict[str, int]
    coverage: float
    recorded: int
    position: int
    last: bool


class Hush(msgspec.Struct, frozen=True, tag="hush"):
    """All sources that feed an indicator of an agency fell silent, or one speaks again."""

    agency: str
    indicator: str
    silent: bool
    position: int


def order(one: Summary | Hush) -> tuple[int, str, int, str, int, int]:
    """The order in which stage two hears news: by the record that brought it about.

    So it is the same however the log was cut into transactions. Cells of one bucket keep
    theirs, since sorting is stable.
    """
    if isinstance(one, Hush):
        return one.position, one.agency, 0, one.indicator, 0, 0
    return one.position, one.agency, 1, one.indicator, one.line, one.number


_NEWS = list[Summary | Hush]
_DECODER = msgspec.msgpack.Decoder(_NEWS)


def freeze(news: list[Summary | Hush]) -> bytes:
    """The body of a record of stage two's log."""
    return msgspec.msgpack.encode(news)


def thaw(body: bytes) -> list[Summary | Hush]:
    """The news of :func:`freeze`."""
    return _DECODER.decode(body)
