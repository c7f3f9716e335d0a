"""A sentence: how many agencies are strained, or how the one that was chosen is."""

from __future__ import annotations

from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json, Sheet, frame, live_of
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """Of one agency the word for its state; of all, labels that make up the sentence."""
    drawn = frame(panel, "stat", 18, 2)
    live = live_of(panel, sheet)
    of_all = "{{" in live.legend
    drawn["targets"] = [asked.metric("A", live)]
    drawn["fieldConfig"]["defaults"] |= {
        "mappings": [] if of_all else looks.state_sentences(),
        "thresholds": looks.plain(),
        "unit": "none",
    }
    drawn["options"] = looks.stat(
        colorMode="none" if of_all else "value",
        textMode="name" if of_all else "value",
        orientation="horizontal",
        text={"titleSize": 22, "valueSize": 22},
    )
    return [drawn]
