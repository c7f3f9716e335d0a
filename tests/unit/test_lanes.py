"""Lanes without a broker: messages handed over in any way are applied once, or the lane stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from models import tables
from models.meters import Meters
from models.settings import Settings
from models.store import StoreBusyError, open_store
from streams.catalogue import catalogue
from streams.intake import Message
from streams.stand import EVENTS, TOLD, claim, standing
from streams.telling import Word, heard
from streams.worker.lanes import TRIES, Lanes, LogLostError, Member, Outcome, Part

PART = Part("events", 0)
SUMMARIES = Part("summaries", 0)
NOON = 1_577_880_000_000
DAY = 86_400_000
SETTINGS = Settings.of({"kafka": {"servers": ["127.0.0.1:9"], "partitions": 1}})


def message(offset: int, value: bytes | None = None) -> Message:
    """A request of a day, one a message."""
    at = NOON + offset * DAY
    body = {
        "specversion": "1.0",
        "id": f"e-{offset}",
        "source": "crm",
        "type": "headwind.service.request.opened.v1",
        "time": f"2020-01-{offset % 28 + 1:02d}T11:00:00Z",
        "data": {"request": f"r-{offset}", "service": "parking"},
    }
    return Message(offset, b"parks", value or json.dumps(body).encode(), at, [])


class Said:
    """Where words go; it fails as often as it is told to."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.fails = 0

    def __call__(self, words: list[Word]) -> None:
        """Keep them, or fail."""
        if self.fails:
            self.fails -= 1
            raise StoreBusyError("no broker")  # noqa: EM101, TRY003
        self.words += words


def lanes(store: Engine, said: Said | None = None, owner: str = "one") -> Lanes:
    """The lanes of one worker."""
    return Lanes(store, SETTINGS, catalogue(), Member(owner, said or Said(), Meters()))


def applied(store: Engine) -> int:
    """How far the events are applied."""
    with store.connect() as connection:
        return standing(connection, EVENTS).applied


def accepted(store: Engine) -> int:
    """How many events were counted."""
    with store.connect() as connection:
        return sum(connection.execute(select(tables.source.c.accepted)).scalars())


def test_what_comes_twice_is_applied_once(store: Engine) -> None:
    """Chunks that overlap, or come again whole, only add what is new."""
    mine = lanes(store)
    assert mine.given(PART) == 0
    for first, stop in ((0, 5), (3, 8), (0, 8), (8, 10)):
        chunk = [message(at) for at in range(first, stop)]
        assert mine.take(PART, chunk) is Outcome.DONE
    assert (applied(store), accepted(store)) == (10, 10)


def test_a_gap_is_fetched_again_and_a_hole_stops_the_worker(store: Engine) -> None:
    """What was fetched before a seek is no gap of its own; one that stays is a hole."""
    mine = lanes(store)
    mine.given(PART)
    mine.take(PART, [message(0)])
    for _ in range(3 * TRIES):
        assert mine.take(PART, [message(5)]) is Outcome.AGAIN
    assert mine.given(PART) == 1
    assert mine.take(PART, [message(1), message(2)]) is Outcome.DONE
    for _ in range(TRIES - 1):
        assert mine.given(PART) == 3
        assert mine.take(PART, [message(9)]) is Outcome.AGAIN
    mine.given(PART)
    with pytest.raises(LogLostError, match="offset 9, and 3"):
        mine.take(PART, [message(9)])
    assert applied(store) == 3


def test_a_worker_that_lost_its_partition_writes_nothing(store: Engine) -> None:
    """The token of the database decides: whoever claimed last is the one."""
    zombie, other = lanes(store), lanes(store, owner="two")
    zombie.given(PART)
    zombie.take(PART, [message(0)])
    assert other.given(PART) == 0
    assert other.take(PART, [message(0), message(1)]) is Outcome.DONE
    assert zombie.take(PART, [message(1), message(2)]) is Outcome.GONE
    assert zombie.take(PART, [message(2)]) is Outcome.GONE
    assert (applied(store), accepted(store)) == (2, 2)
    assert other.take(PART, [message(2)]) is Outcome.DONE


def test_a_partition_that_was_taken_away_is_dropped(store: Engine) -> None:
    """What is still in the pipes when it goes is no business of ours."""
    mine = lanes(store)
    mine.given(PART)
    mine.taken_away(PART)
    assert mine.take(PART, [message(0)]) is Outcome.GONE
    assert applied(store) == 0


def test_a_late_end_of_the_lane_before_leaves_the_new_one_alone(store: Engine) -> None:
    """Taken away and given again in mid-work: only the old lane finds itself fenced off."""
    mine = lanes(store)
    mine.given(PART)
    before = mine._open[PART]
    mine.taken_away(PART)
    mine.given(PART)
    assert mine._take(PART, before, [message(0)]) is Outcome.GONE
    assert mine.take(PART, [message(0)]) is Outcome.DONE


def test_given_twice_it_is_claimed_once(store: Engine) -> None:
    """Asked again where it stands, a lane keeps its token and its state."""
    mine = lanes(store)
    assert (mine.given(PART), mine.given(PART)) == (0, 0)
    with store.connect() as connection:
        assert standing(connection, EVENTS).token == 1
    assert mine.take(PART, [message(0)]) is Outcome.DONE


def test_a_failed_commit_is_done_again(store: Engine) -> None:
    """The lane is opened anew from what is stored, and folds the same messages."""
    mine = lanes(store)
    mine.given(PART)
    mine.take(PART, [message(0)])
    broken = [True]

    @event.listens_for(store, "commit")
    def _fail(_: object) -> None:
        if broken[0]:
            raise StoreBusyError("the disk is gone")  # noqa: EM101, TRY003

    assert mine.take(PART, [message(1)]) is Outcome.AGAIN
    assert mine.take(PART, [message(1)]) is Outcome.AGAIN
    broken[0] = False
    assert mine.given(PART) == 0
    assert mine.take(PART, [message(0), message(1), message(2)]) is Outcome.DONE
    assert (applied(store), accepted(store)) == (3, 3)


def test_a_bad_message_takes_its_place_and_is_in_quarantine(store: Engine) -> None:
    """A tombstone and one that is no JSON: refused with where they stood, told, and gone past."""
    said = Said()
    mine = lanes(store, said)
    mine.given(PART)
    tombstone = message(1)._replace(value=None)
    assert mine.take(PART, [message(0), tombstone, message(2, b"{")]) is Outcome.DONE
    assert applied(store) == 3
    with store.connect() as connection:
        rows = connection.execute(select(tables.refused)).all()
    assert {row.origin for row in rows} == {"kafka 0@1 row 0", "kafka 0@2 row 0"}
    told = [json.loads(word.value) for word in said.words if word.topic == "refused"]
    assert {one["id"] for one in told} == {row.id for row in rows}
    assert all("payload" not in one for one in told)


def test_what_cannot_be_told_is_told_later_and_heard_once(store: Engine) -> None:
    """Words go out in their order after a break; sent twice, the groups count them once."""
    said = Said()
    said.fails = 1
    mine = lanes(store, said)
    mine.given(PART)
    chunk = [message(at) for at in range(20)]
    assert mine.take(PART, chunk) is Outcome.AGAIN
    assert (applied(store), said.words) == (20, [])
    mine.tell_rest()
    words = [word for word in said.words if word.topic == "summaries"]
    numbers = [heard(word.value).number for word in words]
    assert numbers == sorted(numbers)
    assert numbers
    with store.connect() as connection:
        assert standing(connection, TOLD).applied >= numbers[-1]
        left = select(tables.log).where(tables.log.c.stage == TOLD)
        assert connection.execute(left).all() == []
    mine.given(SUMMARIES)
    twice = [*words, *words]
    sent = [Message(at, b"all", word.value, NOON, []) for at, word in enumerate(twice)]
    once = [Message(at, b"all", word.value, NOON, []) for at, word in enumerate(words)]
    assert mine.take(SUMMARIES, sent) is Outcome.DONE
    values = select(tables.value).where(tables.value.c.agency == "group:all")
    with store.connect() as connection:
        first = connection.execute(values).all()
    assert first
    with store.begin() as connection:
        connection.execute(tables.value.delete().where(tables.value.c.agency == "group:all"))
        connection.execute(tables.position.delete().where(tables.position.c.stage == 2))
    other = lanes(store, owner="two")
    other.given(SUMMARIES)
    assert other.take(SUMMARIES, once) is Outcome.DONE
    with store.connect() as connection:
        assert connection.execute(values).all() == first


def test_left_and_taken_up_anywhere_it_is_the_same(store: Engine, tmp_path: Path) -> None:
    """With and without a snapshot, by one worker after the other: as one that never stopped."""
    whole = open_store(str(tmp_path / "whole.db"))
    steady = lanes(whole)
    steady.given(PART)
    messages = [message(at) for at in range(40)]
    steady.take(PART, messages)
    for start in range(0, 40, 8):
        mine = lanes(store, owner=f"w{start}")
        at = mine.given(PART)
        assert at <= start
        assert mine.take(PART, messages[at : start + 8]) is Outcome.DONE
        if start % 16:
            mine.close()
    for table in (tables.value, tables.source, tables.expected):
        order = list(table.primary_key.columns)
        with store.connect() as one, whole.connect() as other:
            rows = [c.execute(select(table).order_by(*order)).all() for c in (one, other)]
        assert rows[0] == rows[1]
        assert rows[0] or table is tables.expected
    whole.dispose()


def test_a_claim_gives_a_new_token_each_time(store: Engine) -> None:
    """Tokens only grow, whoever asks."""
    with store.begin() as connection:
        tokens = [claim(connection, EVENTS, 0, name).token for name in ("a", "b", "a")]
    assert tokens == [1, 2, 3]


def test_a_snapshot_is_renewed_before_kafka_forgets(store: Engine) -> None:
    """Few events in many days: the state is stored every tenth part of the time of retention."""
    mine = lanes(store)
    mine.given(PART)
    at = []
    for offset in range(21):
        assert mine.take(PART, [message(offset)]) is Outcome.DONE
        with store.connect() as connection:
            at.append(standing(connection, EVENTS).snapshot)
    # 90 days are kept: nine days after the first record that the last snapshot does not hold.
    assert sorted(set(at)) == [0, 10, 20]
    assert lanes(store, owner="two").given(PART) == 20
