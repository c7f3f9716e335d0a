"""What messages may hold: names and numbers; no person, no event's text, no operator's note."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as some

from models.record import Record
from models.settings import Settings
from streams.catalogue import catalogue
from streams.notify.channel import Receiver
from streams.notify.channels.alertmanager import _pushed
from streams.notify.message import message
from streams.notify.payload import linked, outbox_row, webhook
from tests.integration.test_notify import alert
from tests.unit.engine_run import Run
from tests.unit.events_made import BEGIN, DAY, HOUR, day_count, line

PLANTED = "Jane Example rang about it"
SETTINGS = Settings.of(
    {
        "organisation": {"timezone": "UTC"},
        "door": {"public_url": "https://wind.example.org"},
        "notify": {"people": {"kind": "apprise"}},
    }
)
COUNTED = "headwind.service.transactions.counted.v1"


def everything(payloads: list[dict[str, Any]]) -> str:
    """All that any channel would send of these alerts, as one text."""
    receiver = Receiver("people", SETTINGS)
    whole = [linked(one, receiver.page) for one in payloads]
    bodies = [webhook("people", whole), [_pushed(one) for one in whole]]
    said = [message(receiver, some, "Still open") for some in ([one] for one in whole)]
    return msgspec.json.encode([bodies, said, message(receiver, whole)]).decode()


def events(day: int, planted: str = PLANTED) -> list[bytes]:
    """What is counted on a day, late in the last weeks; and each week everything with free text."""
    at = BEGIN + day * DAY
    number = 100 + day * 37 % 11
    done = {"within_standard": round(number * (0.4 if day >= 84 else 0.9))}
    made = [line(COUNTED, f"d{day}", "counts", at + DAY, **day_count(at, number) | done)]
    if day == 100:
        for kind, data in {
            "shock.declared": {"shock": planted, "kind": planted},
            "definition.changed": {"what": planted, "service": "elsewhere"},
            "shock.closed": {"shock": planted},
        }.items():
            made.append(line(f"headwind.context.{kind}.v1", kind, "office", at + HOUR, **data))
    return made


PEOPLE = some.builds("{} {}".format, some.sampled_from(["Jane", "Ömer", "Li"]), some.text(
    alphabet=some.characters(codec="utf-8", categories=["L", "P", "S"]), min_size=6, max_size=40
))  # fmt: skip
"""A first name, and behind it anything that may stand in a text."""


@given(PEOPLE)
@example(PLANTED)
@settings(max_examples=5, deadline=None)
def test_no_free_text_of_an_event_is_told(planted: str) -> None:
    """Crises and changed definitions carry text; alerts that open beside them do not."""
    run = Run(SETTINGS)
    for day in range(126):
        body = b"\n".join(events(day, planted)) + b"\n"
        received = BEGIN + (day + 1) * DAY + HOUR
        record = Record(
            agency="parks",
            received=received,
            kind="events",
            events=body.count(b"\n"),
            body=body,
            position=day + 1,
        )
        run.apply([record])
    plain = msgspec.json.encode(planted).decode()[1:-1]
    assert plain in msgspec.json.encode(run.marks).decode()
    rows = [
        outbox_row(one.alert, catalogue().get(one.alert.indicator), one.recorded)
        for one in run.notices
    ]
    assert rows
    told = everything([msgspec.json.decode(row["payload"]) for row in rows])
    assert plain not in told
    assert planted.partition(" ")[0] not in told


NAMES = some.text(min_size=1, max_size=12)


@given(some.dictionaries(NAMES, some.just(PLANTED)))
def test_evidence_is_told_only_where_it_is_named(evidence: dict[str, str]) -> None:
    """Whatever else stands in an alert's evidence, only known figures of it leave the house."""
    known = {"value", "expected", "low", "high", "depth", "n", "rhythm", "source"}
    known |= {"false_alarm_rate"}
    extra = {name: text for name, text in evidence.items() if name not in known}
    one = alert(evidence={"value": 1.0, "rhythm": "day"} | extra)
    payload = msgspec.json.decode(outbox_row(one, catalogue()["demand"], 0)["payload"])
    assert PLANTED not in everything([payload])
