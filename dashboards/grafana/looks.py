"""Colours and units as Grafana names them; a colour never stands without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dashboards.facts import IndicatorFacts
from dashboards.words import SHARES, STATES
from models.metrics import STATE_NUMBER

BLUE: Final = "semi-dark-blue"
YELLOW: Final = "yellow"
RED: Final = "red"
GREY: Final = "#8e8e8e"
ORANGE: Final = "dark-orange"
PURPLE: Final = "semi-dark-purple"
TEXT: Final = "text"
PALETTE: Final = frozenset({BLUE, YELLOW, RED, GREY, ORANGE, PURPLE, TEXT, "transparent"})

STATE_COLOURS: Final = {"steady": BLUE, "unknown": GREY, "watch": YELLOW, "strained": RED}

_UNITS: Final = {
    **dict.fromkeys(SHARES, "percentunit"),
    "hours": "h",
    "days": "d",
    "cases": "locale",
    "% change": "percent",
}


def unit(measure: str) -> str:
    """Grafana's name of a unit of measure."""
    return _UNITS.get(measure, f"suffix: {measure}")


def by_unit(facts: Iterable[IndicatorFacts]) -> dict[str, list[str]]:
    """Indicators by Grafana's name of their unit."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        found.setdefault(unit(fact.unit), []).append(fact.id)
    return found


def mapped(options: Mapping[Any, tuple[str, str]]) -> list[dict[str, Any]]:
    """A mapping of values to words and colours."""
    return [
        {
            "type": "value",
            "options": {
                str(value): {"text": text, "color": colour, "index": at}
                for at, (value, (text, colour)) in enumerate(options.items())
            },
        }
    ]


def states() -> list[dict[str, Any]]:
    """The states of an agency by the number that the gauge has."""
    return mapped({n: (name, STATE_COLOURS[name]) for name, n in STATE_NUMBER.items()})


def state_sentences() -> list[dict[str, Any]]:
    """The same, with what each means."""
    told: dict[Any, tuple[str, str]] = {
        n: (f"{name}: {STATES[name]}", STATE_COLOURS[name])  # type: ignore[index]
        for name, n in STATE_NUMBER.items()
    }
    return mapped(told)


def fixed(colour: str) -> dict[str, str]:
    """One colour, whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}


def stat(**more: Any) -> dict[str, Any]:
    """The options of a stat that shows its last value; ``more`` take the place of these."""
    return {
        "graphMode": "none",
        "colorMode": "none",
        "textMode": "value_and_name",
        "justifyMode": "center",
        "orientation": "vertical",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "wideLayout": True,
        **more,
    }


def course(sort: str = "desc") -> dict[str, Any]:
    """The options of a chart over time: a legend below, all values of a moment in one tooltip."""
    return {
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": sort},
    }


def plain(colour: str = TEXT) -> dict[str, Any]:
    """Thresholds that set nothing apart."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": None}]}


def named(name: str, **properties: Any) -> dict[str, Any]:
    """An override for the field of a name; ``__`` in a property stands for a dot."""
    return _override({"id": "byName", "options": name}, properties)


def of_query(ref: str, **properties: Any) -> dict[str, Any]:
    """An override for everything that one target gives."""
    return _override({"id": "byFrameRefID", "options": ref}, properties)


def _override(matcher: dict[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    held = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": matcher, "properties": held}
