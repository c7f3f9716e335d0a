"""A past of years that is caught up: whichever partition is heard first, groups lose nothing."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Engine, select

from models import tables
from models.kafka import DAY_MS
from models.record import Record
from models.settings import Settings
from models.value import RHYTHMS, Cell
from streams.catalogue import catalogue
from streams.group import PATIENCE_DAYS
from streams.group_lane import GroupLane
from streams.intake import Message
from streams.lane import Lane
from streams.stand import TOLD
from streams.summary import Summary, freeze
from streams.telling import Heard, Telling, Word, heard
from streams.worker.gather import SPAN_MS, spans

DAY = RHYTHMS.index("day")
FIRST = 18_000
RETENTION = 60
LIVED = 200
"""Days of a past that is longer than retention."""

PARTS = 2
SETTINGS = Settings.of(
    {
        "kafka": {"servers": ["127.0.0.1:9"], "partitions": PARTS},
        "retention": {"days": RETENTION},
        "agencies": {"parks": {"group": "green"}},
        "groups": {"green": {}},
    }
)


def demand(agency: str, day: int, many: int) -> Summary:
    """What an agency says of one day, when that is over."""
    return Summary(
        agency=agency,
        indicator="demand",
        line=DAY,
        number=FIRST + day,
        cell=Cell(),
        parts=[many],
        exposure=DAY_MS,
        usage={"used": many},
        coverage=1.0,
        recorded=(FIRST + day + 1) * DAY_MS,
        position=day + 1,
        last=True,
    )


class Words:
    """What partitions say of one group, as its topic holds it."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def say(self, origin: int, news: list[Summary], day: int, *, clock: bool) -> None:
        """One word; with ``clock`` it is that day where it is said."""
        now = (FIRST + day + 1) * DAY_MS if clock else 0
        body = msgspec.msgpack.encode(Heard(origin, len(self.records) + 1, freeze([*news]), now))
        position = len(self.records) + 1
        self.records.append(
            Record(agency="all", received=0, kind="summary", events=1, body=body, position=position)
        )

    def live(self, origin: int, agency: str, days: range, many: int) -> None:
        """A day a word, each followed by the clock."""
        for day in days:
            self.say(origin, [demand(agency, day, many)], day, clock=False)
            self.say(origin, [], day, clock=True)


def lane(store: Engine) -> GroupLane:
    """The lane of the group, as a worker opens it."""
    mine = GroupLane(store, SETTINGS, catalogue(), partition=0, owner="one")
    mine.open()
    return mine


def shown(store: Engine) -> dict[int, float]:
    """The group's demand, by day."""
    c = tables.value.c
    asked = select(c.window_end, c.value).where(
        c.agency == "group:all", c.indicator == "demand", c.latest
    )
    with store.connect() as connection:
        return {end // DAY_MS - FIRST - 1: value for end, value in connection.execute(asked)}


@pytest.mark.parametrize("restart", [False, True])
def test_one_after_the_other_they_count_in_every_bucket(store: Engine, restart: bool) -> None:
    """One partition tells all of a past that is longer than retention before the other begins."""
    words = Words()
    words.live(0, "roads", range(LIVED), 10)
    mine = lane(store)
    mine.take(words.records)
    if restart:
        mine.close()
        mine = lane(store)
        assert mine.at == len(words.records)
    there = len(words.records)
    words.live(1, "water", range(LIVED), 5)
    mine.take(words.records[there:])
    assert shown(store) == dict.fromkeys(range(LIVED), 15.0)


@pytest.mark.parametrize("restart", [False, True])
def test_what_all_have_gone_past_is_forgotten(store: Engine, restart: bool) -> None:
    """So memory holds retention, and not all that ever was."""
    words = Words()
    for day in range(LIVED):
        words.live(0, "roads", range(day, day + 1), 10)
        words.live(1, "water", range(day, day + 1), 5)
    mine = lane(store)
    mine.take(words.records[:-2])
    if restart:
        mine.close()
        mine = lane(store)
    mine.take(words.records[-2:])
    (line,) = mine.groups.lines.values()
    assert len(line.packed) + len(line.buckets) <= RETENTION
    assert line.forgotten == FIRST + LIVED - RETENTION - 1


@pytest.mark.parametrize("spoke", [0, 30])
def test_a_partition_that_has_nothing_to_say_is_not_waited_for_long(
    store: Engine, spoke: int
) -> None:
    """Its clock goes on: after some patience its silence holds nothing back."""
    words, patient = Words(), 0
    for day in range(LIVED):
        words.live(0, "roads", range(day, day + 1), 10)
        if day < spoke:
            words.live(1, "water", range(day, day + 1), 5)
        else:
            words.say(1, [], day, clock=True)
        if day <= PATIENCE_DAYS + max(spoke - 1, 0):
            patient = len(words.records)
    mine = lane(store)
    mine.take(words.records[:patient])
    (line,) = mine.groups.lines.values()
    assert line.forgotten is None
    mine.take(words.records[patient : patient + 3])
    assert line.forgotten is not None
    mine.take(words.records[patient + 3 :])
    assert line.forgotten == FIRST + LIVED - RETENTION - 1


def tick(position: int, now: int) -> Record:
    """The clock in the log of the events."""
    return Record(agency="", received=now, kind="tick", events=0, body=b"", position=position)


def test_a_lane_tells_every_group_the_clock_once_a_day(store: Engine) -> None:
    """Behind what it has to say, whether or not it has anything to say."""
    told: list[Word] = []
    mine = Lane(store, SETTINGS, catalogue(), partition=1, owner="one")
    telling = Telling(store, SETTINGS, 1, "one")
    telling.open()
    mine.open()
    hour = DAY_MS // 24
    for position in range(1, 61):
        mine.take([tick(position, FIRST * DAY_MS + position * hour)])
    assert telling.tell(told.extend) == 3
    said = [(word.key, heard(word.value).clock // hour - FIRST * 24) for word in told]
    assert said == [(group, at) for at in (1, 25, 49) for group in ("all", "green")]
    assert {heard(word.value).origin for word in told} == {1}
    with store.connect() as connection:
        left = select(tables.log.c.position).where(tables.log.c.stage == TOLD)
        assert connection.execute(left).all() == []


def message(offset: int, day: int, header: bytes | None = None) -> Message:
    """A message that the broker took, or a door received, on some day."""
    headers = [("received", b"%d" % (day * DAY_MS)) if header is None else ("received", header)]
    return Message(offset, b"parks", b"{}", (FIRST if header is None else day) * DAY_MS, headers)


def test_a_past_is_cut_by_when_it_was_received() -> None:
    """So partitions of one worker go on side by side; what came at once stays together."""
    span = SPAN_MS // DAY_MS
    days = [0, 1, span, span + 1, span + 2, 5 * span, 9 * span]
    messages = [message(offset, day) for offset, day in enumerate(days)]
    cut = [[one.offset for one in some] for some in spans(messages)]
    assert cut == [[0, 1, 2], [3, 4], [5], [6]]
    at_once = [message(offset, FIRST, b"no number") for offset in range(9)]
    assert [len(some) for some in spans(at_once)] == [9]
    assert list(spans([])) == []
