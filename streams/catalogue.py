"""The catalogue: every indicator that stands in ``streams/indicators``.

``python -m streams.catalogue README.md`` writes the table between the file's markers.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import get_args

from models.catalogue import discover
from models.settings import PrivacySettings
from streams import indicators
from streams.indicator import Indicator, Pillar

BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"

_LENGTH = {"hour": "h", "day": "d", "week": "wk", "month": "mo", "quarter": "q"}
_ARROW = {"up": "higher is better", "down": "lower is better", "context": "context"}


@cache
def catalogue() -> dict[str, Indicator]:
    """One object an indicator, by id."""
    found: dict[str, type[Indicator]] = discover(indicators, Indicator)  # type: ignore[type-abstract]
    made: dict[str, Indicator] = {}
    for name, one in found.items():
        one.id = name
        made[name] = one()
    return dict(sorted(made.items(), key=lambda item: _place(item[1])))


def _place(one: Indicator) -> tuple[bool, int, str]:
    """Headlines first, then by pillar."""
    return not one.headline, get_args(Pillar).index(one.pillar), one.id


def allowed(privacy: PrivacySettings) -> dict[str, Indicator]:
    """The catalogue without indicators of the workforce, unless their papers are on file."""
    papers = privacy.dpia_ref and privacy.social_dialogue_ref
    return {name: one for name, one in catalogue().items() if papers or one.privacy != "workforce"}


def table() -> str:
    """The catalogue as Markdown, by pillar."""
    lines = [
        "| indicator | says | unit | window (step) | min n | direction |",
        "|---|---|---|---|---|---|",
    ]
    ordered = sorted(catalogue().values(), key=lambda one: (one.pillar, one.id))
    for one in ordered:
        length = _LENGTH[one.step]
        lines.append(
            f"| `{one.id}` ({one.pillar}) | {one.summary} | {one.unit} "
            f"| {one.window} {length} (1 {length}) | {one.min_n} | {_ARROW[one.direction]} |"
        )
    return "\n".join(lines)


def into(text: str) -> str:
    """``text`` with the table between its markers brought up to date."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        message = f"The file has no markers {BEGIN} … {END}: put them where the table belongs."
        raise ValueError(message)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(into(path.read_text(encoding="utf-8")), encoding="utf-8")
