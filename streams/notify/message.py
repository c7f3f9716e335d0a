"""Alerts as a message that a person reads: one sentence each, made of names and numbers only.

The sentence is the alert's own: the number with its interval, against what was expected, and
since when. Around it stand how grave it is, whose it is, and where to read on.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.notify.channel import Receiver, Told

LINES = 20
"""Alerts told in one message; of more only how many there are."""

_ORDER = ("critical", "warning", "info", "none", "over")


def message(receiver: Receiver, alerts: Sequence[Told], note: str = "") -> tuple[str, str]:
    """The title and the body."""
    ordered = sorted(alerts, key=lambda one: _ORDER.index(_grade(one)))
    title = _single(receiver, ordered[0]) if len(ordered) == 1 else _several(receiver, ordered)
    lines = [one["annotations"]["summary"] for one in ordered[:LINES]]
    if len(ordered) > 1:
        heads = [_head(receiver, one, ordered) for one in ordered]
        lines = [f"- {head}: {line}" for head, line in zip(heads, lines, strict=False)]
    if len(ordered) > LINES:
        lines.append(f"… and {len(ordered) - LINES} more.")
    return f"{note}: {title}" if note else title, "\n".join([*lines, "", *_links(ordered)]).strip()


def _grade(alert: Told) -> str:
    severity: str = alert["labels"]["severity"]
    return "over" if alert["status"] == "resolved" else severity


def _word(alert: Told) -> str:
    """How grave it is, in a word."""
    if alert["labels"]["alertname"] == "Drill":
        return "Drill over" if alert["status"] == "resolved" else "Drill"
    return _grade(alert).capitalize()


def _single(receiver: Receiver, alert: Told) -> str:
    labels = alert["labels"]
    if "agency" not in labels:
        return _word(alert)
    what = labels.get("indicator", labels.get("source", labels["alertname"])).replace("_", " ")
    if "stratum" in labels:
        what = f"share of {what}"
    part = [labels[name] for name in ("service", "unit", "stratum") if name in labels]
    where = f" ({', '.join(part)})" if part else ""
    return f"{_word(alert)}: {receiver.title(labels['agency'])}, {what}{where}"


def _head(receiver: Receiver, alert: Told, among: Sequence[Told]) -> str:
    """How grave one of several is, and whose where they are not all of one agency."""
    if len({one["labels"].get("agency") for one in among}) == 1:
        return _word(alert)
    return f"{_word(alert)}, {receiver.title(alert['labels']['agency'])}"


def _several(receiver: Receiver, alerts: Sequence[Told]) -> str:
    agencies = {one["labels"]["agency"] for one in alerts}
    indicators = {one["labels"].get("indicator", "") for one in alerts}
    if len(agencies) > 1:
        return f"{len(alerts)} alerts of {len(agencies)} agencies"
    what = indicators.pop().replace("_", " ") if len(indicators) == 1 else ""
    parts = [receiver.title(agencies.pop()), what]
    return f"{len(alerts)} alerts: " + ", ".join(part for part in parts if part)


def _links(alerts: Sequence[Told]) -> list[str]:
    """Where to read on, each place once; only what can be followed from a message."""
    pages = {one["generatorURL"]: "" for one in alerts}
    books = {one["annotations"].get("runbook_url", ""): "" for one in alerts}
    found = [f"See {page}" for page in pages] + [f"What to do: {book}" for book in books]
    return [line for line in found if "://" in line]
