"""What an indicator means, from its facts, for the side of its board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.words import DIRECTIONS, SHARES, sentence_of

if TYPE_CHECKING:
    from dashboards.facts import IndicatorFacts


def about(facts: IndicatorFacts) -> dict[str, Any]:
    """Meaning, formula, source and pitfalls as sentences, and the facts in words."""
    named = (
        ("", facts.summary),
        ("Formula", facts.formula),
        ("Source", facts.source),
        ("Pitfalls", facts.pitfalls),
    )
    return {
        "parts": [(name, sentence_of(text)) for name, text in named if text],
        "direction": DIRECTIONS[facts.direction],
        "unit": "share, shown in %" if facts.unit in SHARES else facts.unit,
        "window": span(facts.window, facts.step),
        "step": span(1, facts.step),
        "min_n": f"{facts.min_n:,}",
    }


def span(many: int, rhythm: str) -> str:
    """So many buckets of a rhythm: "13 weeks"."""
    return f"{many} {rhythm}{'' if many == 1 else 's'}"
