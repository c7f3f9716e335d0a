"""Telling: what a lane has committed and others must hear goes to topics of its own.

Summaries, from which groups are folded, and the clock, by which they know how far each partition
is; refusals, for agencies that produce by themselves; and notices of alerts, for machines. They lie in the log of the lane's own partition until the brokers
keep them; after a break they are sent again, and whoever hears them knows each by its number or id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec
from sqlalchemy import Engine, delete

from models import tables
from models.log import read
from models.record import Record
from models.settings import AgencySettings, Settings
from models.store import shared
from streams.stand import TOLD, Stand, advance, claim
from streams.summary import Hush, Summary, freeze, thaw

AT_ONCE: Final = 200
"""Records that are told before it is written down how far that went."""


class Word(NamedTuple):
    """One message: its topic, without the prefix, its key and its value."""

    topic: Literal["summaries", "refused", "notices"]
    key: str
    value: bytes


class Heard(NamedTuple):
    """News of one group, of a partition of the events; ``number`` grows with every one of them.

    ``clock``, where it is not 0: what the partition received up to then (ms) is folded, and said.
    """

    origin: int
    number: int
    news: bytes
    clock: int = 0


class Send(Protocol):
    """Brings words where they are heard, in their order; they are kept there on return."""

    def __call__(self, words: list[Word], /) -> None:
        """Raises what keeps it from that; then the same words are sent again later."""


def heard(value: bytes) -> Heard:
    """The news in a message. Raises msgspec.DecodeError where it holds anything else."""
    return msgspec.msgpack.decode(value, type=Heard)


def refusals(rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Rows of the quarantine as records to tell: all but what was sent, which stays where it is."""
    return [
        Record(
            agency=row["agency"],
            received=row["received"],
            kind="refused",
            events=1,
            body=msgspec.json.encode(
                {name: said for name, said in row.items() if name not in ("payload", "problems")}
                | {"problems": msgspec.Raw(row["problems"].encode())}
            ),
        )
        for row in rows
    ]


def notices(rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Rows of the outbox as records to tell: each an alert as a webhook has it."""
    return [
        Record(
            agency=row["agency"],
            received=row["created"],
            kind="notice",
            events=1,
            body=row["payload"].encode(),
        )
        for row in rows
    ]


def clock(now: int) -> Record:
    """The clock (ms) as a record to tell, behind the news that came of what was received by then."""
    return Record(agency="", received=now, kind="clock", events=0, body=b"")


class Telling:
    """What one partition has to tell, and how far it got."""

    def __init__(self, database: Engine, settings: Settings, partition: int, owner: str) -> None:
        self._database = database
        self._settings = settings
        self._owner = owner
        self.stand = Stand(TOLD, partition)

    def open(self) -> None:
        """Take over from whoever told before."""
        with shared(self._database) as connection:
            self.stand = claim(connection, TOLD, self.stand.partition, self._owner)

    def tell(self, send: Send) -> int:
        """Send what is not told yet; how many records that were. Raises what ``send`` raises."""
        count = 0
        while True:
            with self._database.connect() as connection:
                partition = self.stand.partition
                records = read(connection, TOLD, self.stand.applied, AT_ONCE, partition)
            if not records:
                return count
            send([word for record in records for word in self._words(record)])
            count += len(records)
            last = records[-1].position
            with shared(self._database) as connection:
                self.stand = advance(connection, self.stand, last)
                c = tables.log.c
                mine = (c.stage == TOLD, c.partition == partition, c.position <= last)
                connection.execute(delete(tables.log).where(*mine))

    def _words(self, record: Record) -> Iterator[Word]:
        if record.kind == "refused":
            yield Word("refused", record.agency, record.body)
            return
        if record.kind == "notice":
            yield Word("notices", record.agency, record.body)
            return
        if record.kind == "clock":
            # To every group, for only those who speak in one know which groups they speak in.
            for group in groups(self._settings):
                yield self._word(group, record.position, [], record.received)
            return
        by_group: dict[str, list[Summary | Hush]] = {}
        for one in thaw(record.body):
            by_group.setdefault(self._settings.agency(one.agency).group, []).append(one)
        for group, news in by_group.items():
            yield self._word(group, record.position, news)

    def _word(self, group: str, number: int, news: list[Summary | Hush], now: int = 0) -> Word:
        said = Heard(self.stand.partition, number, freeze(news), now)
        return Word("summaries", group, msgspec.msgpack.encode(said))


def groups(settings: Settings) -> list[str]:
    """Every group that there can be."""
    return sorted({AgencySettings().group, *(one.group for one in settings.agencies.values())})
