"""What a machine is told: one alert of an Alertmanager webhook, version 4."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from models.alert import Alert
from models.value import Cell
from streams.catalogue import catalogue
from streams.notify.payload import outbox_row, webhook, webhook_alert
from tests.unit.watched import Watched, stub

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
LABELS = {"alertname", "severity", "agency", "indicator", "service", "unit", "stratum", "rhythm"}


def course() -> list[Alert]:
    """Open, worse, closed."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 98)
    watched.feed_all([813.0] * 3 + [517.0] * 2 + [1000.0] * 7)
    assert [(one.state, one.severity) for one in watched.alerts] == [
        ("open", "warning"),
        ("open", "critical"),
        ("closed", "critical"),
    ]
    return watched.alerts


def stale() -> Alert:
    """A silence."""
    return Alert(
        id="a1",
        alertname="SourceStale",
        agency="parks",
        indicator="",
        cell=Cell(),
        severity="warning",
        state="open",
        old_state="",
        reason="Nothing has come from crm since 2017-07-10, 3.0 days are allowed.",
        evidence={"source": "crm", "last_received": 5, "quiet_after_ms": 6},
        opened=1_500_000_000_000,
        updated=1_500_000_000_000,
        closed=None,
        transition=0,
    )


def told() -> list[dict[str, Any]]:
    """The three states as they are sent."""
    return [webhook_alert(one, stub("up")) for one in course()]


def test_shape_of_one_alert() -> None:
    """Fields, types and moments are those of the format."""
    for one in told():
        assert set(one) == {
            "status",
            "labels",
            "annotations",
            "startsAt",
            "endsAt",
            "generatorURL",
            "fingerprint",
        }
        assert MOMENT.fullmatch(one["startsAt"])
        assert MOMENT.fullmatch(one["endsAt"])
        texts = [*one["labels"].values(), *one["annotations"].values()]
        assert all(isinstance(text, str) and text for text in texts)
        assert re.fullmatch(r"[0-9a-f]{16}", one["fingerprint"])


def test_firing_has_no_end_and_resolved_has_one() -> None:
    """The zero moment stands for not yet; the start stays the same."""
    opened, worse, closed = told()
    assert [one["status"] for one in (opened, worse, closed)] == ["firing", "firing", "resolved"]
    assert opened["endsAt"] == worse["endsAt"] == "0001-01-01T00:00:00Z"
    assert closed["endsAt"] > closed["startsAt"]
    assert len({one["startsAt"] for one in (opened, worse, closed)}) == 1


def test_labels_identify_and_hold_no_value() -> None:
    """Nothing that was measured is a label; the annotations have it."""
    for state, one in zip(course(), told(), strict=True):
        assert set(one["labels"]) <= LABELS
        measured = [state.evidence[name] for name in ("value", "expected", "depth", "low", "high")]
        for text in one["labels"].values():
            assert not any(char.isdigit() for char in text), text
        assert one["annotations"]["value"] == f"{measured[0]:.6g}"
        assert one["annotations"]["expected"] == f"{measured[1]:.6g}"
        assert one["annotations"]["n"] == "1000"
        assert one["annotations"]["false_alarm_rate"] == "0.001"
        assert one["annotations"]["alert_id"] == state.id
        assert one["annotations"]["summary"] == state.reason
        assert one["annotations"]["runbook_url"].endswith("indicator-off.md")


def test_one_fingerprint_from_opening_to_closing() -> None:
    """The severity may change on the way; the alert is the same."""
    assert len({one["labels"]["severity"] for one in told()}) == 2
    assert len({one["fingerprint"] for one in told()}) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"agency": "roads"},
        {"indicator": "waiting"},
        {"cell": Cell(service="parking")},
        {"cell": Cell(unit="permits")},
        {"evidence": {"rhythm": "month"}},
    ],
)
def test_another_alert_has_another_fingerprint(other: dict[str, Any]) -> None:
    """Agency, indicator, place and rhythm each make another one."""
    one = course()[0]
    changed = msgspec.structs.replace(one, **other)
    first, second = (webhook_alert(alert, stub("up")) for alert in (one, changed))
    assert first["fingerprint"] != second["fingerprint"]


def test_a_silence_names_its_source() -> None:
    """Two silent sources of an agency are two alerts."""
    one = webhook_alert(stale(), None)
    assert one["labels"]["alertname"] == "SourceStale"
    assert one["labels"]["source"] == "crm"
    assert "indicator" not in one["labels"]
    assert one["annotations"]["runbook_url"].endswith("source-stale.md")
    bus = msgspec.structs.replace(stale(), evidence={"source": "bus"})
    assert webhook_alert(bus, None)["fingerprint"] != one["fingerprint"]


def test_every_text_is_ours() -> None:
    """Texts are made of the catalogue, numbers, and the names an event identifies itself by."""
    for indicator in catalogue().values():
        alert = msgspec.structs.replace(course()[0], indicator=indicator.id, reason="A reason.")
        one = webhook_alert(alert, indicator)
        described = one["annotations"].pop("description")
        assert described == f"{indicator.summary} {indicator.pitfalls}"
        allowed = {"summary", "runbook_url", "data_as_of", "alert_id", "value", "expected", "low"}
        allowed |= {"high", "depth", "n", "rhythm", "false_alarm_rate", "reason", "window"}
        assert set(one["annotations"]) <= allowed
    reason = course()[0].reason
    words = set(re.findall(r"[A-Za-z]+", reason))
    ours = {"Stub", "permits", "is", "below", "what", "was", "expected", "since", "cases", "to"}
    assert words <= ours | {"n"}


def test_body_of_one_alert() -> None:
    """The frame is that of version 4, with what the alerts share set apart."""
    body = webhook("hook", told()[:1])
    assert set(body) == {
        "version",
        "groupKey",
        "truncatedAlerts",
        "status",
        "receiver",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "alerts",
    }
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "hook")
    assert body["groupLabels"] == {"agency": "parks", "indicator": "stub"}
    assert body["commonLabels"] == body["alerts"][0]["labels"]
    assert body["groupKey"] == '{}:{agency="parks",indicator="stub"}'
    assert msgspec.json.decode(msgspec.json.encode(body)) == body


def test_body_of_several_alerts() -> None:
    """Only what is the same in all is common; it fires while one of them does."""
    opened, _, closed = told()
    body = webhook("hook", [opened, closed])
    assert body["status"] == "firing"
    assert "severity" not in body["commonLabels"]
    assert "summary" not in body["commonAnnotations"]
    assert webhook("hook", [closed])["status"] == "resolved"


def test_a_row_of_the_outbox_stands_for_one_state() -> None:
    """Another state is another row, the same state the same one."""
    rows = [outbox_row(one, stub("up"), 7) for one in course()]
    assert len({row["id"] for row in rows}) == 3
    assert rows == [outbox_row(one, stub("up"), 7) for one in course()]
    assert [row["transition"] for row in rows] == [0, 1, 2]
    assert {row["created"] for row in rows} == {7}
    assert msgspec.json.decode(rows[0]["payload"])["status"] == "firing"
