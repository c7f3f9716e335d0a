"""An alert as one alert of an Alertmanager webhook (version 4).

Labels identify and never hold a value; annotations explain. The fingerprint is that of the
labels, so a receiver that groups or drops repeats sees one alert from opening to closing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec
import xxhash

from models.alert import Alert
from streams.indicator import Indicator

NAMESPACE = UUID("b0b0f1de-0d3d-4c8e-9a57-0c2b6a6c5a11")
RUNBOOK = "deploy/runbook"
OF_ITS_OWN = frozenset({"SourceStale", "EventsVanished"})
"""Alerts that are about events and not about a figure."""

NEVER = "0001-01-01T00:00:00Z"


def outbox_row(alert: Alert, indicator: Indicator | None, recorded: int) -> dict[str, Any]:
    """A row of the outbox; its id is that of the alert's state, so it exists once."""
    return {
        "id": str(uuid5(NAMESPACE, f"{alert.id} {alert.transition}")),
        "alert": alert.id,
        "transition": alert.transition,
        "agency": alert.agency,
        "created": recorded,
        "payload": msgspec.json.encode(webhook_alert(alert, indicator)).decode(),
    }


def webhook_alert(alert: Alert, indicator: Indicator | None) -> dict[str, Any]:
    """One entry of ``alerts``."""
    labels = {
        "alertname": _name(alert),
        "severity": alert.severity,
        "agency": alert.agency,
        "indicator": alert.indicator,
        "service": alert.cell.service,
        "unit": alert.cell.unit,
        "stratum": alert.cell.stratum,
        "rhythm": str(alert.evidence.get("rhythm", "")),
        "source": str(alert.evidence.get("source", "")),
        "type": str(alert.evidence.get("type", "")),
    }
    closed = alert.closed or alert.updated if alert.state == "closed" else None
    page = f"/agency/{quote(alert.agency, safe='')}"
    return made(labels, _annotations(alert, indicator), alert.opened, closed, page)


def made(
    labels: dict[str, str], notes: dict[str, str], opened: int, closed: int | None, page: str = "/"
) -> dict[str, Any]:
    """An alert of these labels; empty ones are left out, and each has its page of the runbook."""
    labels = {name: text for name, text in labels.items() if text}
    identity = "\x00".join(f"{k}={v}" for k, v in sorted(labels.items()) if k != "severity")
    book = "-".join(re.findall("[A-Z][a-z]+", labels["alertname"])).lower()
    return {
        "status": "firing" if closed is None else "resolved",
        "labels": labels,
        "annotations": notes | {"runbook_url": f"{RUNBOOK}/{book}.md"},
        "startsAt": _iso(opened),
        "endsAt": NEVER if closed is None else _iso(closed),
        "generatorURL": page,
        "fingerprint": xxhash.xxh3_64_hexdigest(identity.encode()),
    }


def _name(alert: Alert) -> str:
    """The name that routes and silences go by: one for all indicators that are off."""
    return alert.alertname if alert.alertname in OF_ITS_OWN else "IndicatorOff"


def _annotations(alert: Alert, indicator: Indicator | None) -> dict[str, str]:
    evidence = alert.evidence
    told = {
        "summary": alert.reason,
        "reason": alert.reason,
        "description": "" if indicator is None else f"{indicator.summary} {indicator.pitfalls}",
        "window": f"{evidence['rhythm']} to {_iso(alert.updated)}" if "rhythm" in evidence else "",
        "data_as_of": _iso(alert.updated),
        "alert_id": alert.id,
    }
    for name in ("value", "expected", "low", "high", "depth", "n", "rhythm", "false_alarm_rate"):
        if evidence.get(name) is not None:
            told[name] = f"{evidence[name]:.6g}" if _real(evidence[name]) else str(evidence[name])
    return {name: text for name, text in told.items() if text}


def _real(value: Any) -> bool:
    return isinstance(value, float)


def linked(alert: dict[str, Any], page: str) -> dict[str, Any]:
    """The same alert, its links whole, where the address of the page is known."""
    if not page:
        return alert
    notes = alert["annotations"]
    book = notes["runbook_url"].removeprefix(RUNBOOK)
    return alert | {
        "generatorURL": page + alert["generatorURL"],
        "annotations": notes | {"runbook_url": f"{page}/runbook{book}"},
    }


def ended(alert: dict[str, Any], at: str) -> dict[str, Any]:
    """The same alert, over since ``at``."""
    return alert | {"status": "resolved", "endsAt": at}


def webhook(receiver: str, alerts: Sequence[dict[str, Any]], page: str = "") -> dict[str, Any]:
    """The whole body: alerts that are told together, what they share set apart."""
    labels = [alert["labels"] for alert in alerts]
    notes = [alert["annotations"] for alert in alerts]
    common = _common(labels)
    group = {name: common[name] for name in ("agency", "indicator") if name in common}
    key = ",".join(f'{name}="{text}"' for name, text in group.items())
    firing = any(alert["status"] == "firing" for alert in alerts)
    return {
        "version": "4",
        "groupKey": f"{{}}:{{{key}}}",
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": receiver,
        "groupLabels": group,
        "commonLabels": common,
        "commonAnnotations": _common(notes),
        "externalURL": page,
        "alerts": list(alerts),
    }


def _common(maps: Sequence[dict[str, str]]) -> dict[str, str]:
    return {
        name: text
        for name, text in maps[0].items()
        if all(other.get(name) == text for other in maps[1:])
    }


def _iso(ms: int | None) -> str:
    moment = datetime.fromtimestamp((ms or 0) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
