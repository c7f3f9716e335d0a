"""Links from one board to another, which carry what was chosen and the time."""

from __future__ import annotations

from typing import Any

from dashboards.grafana.sheet import Sheet

AGENCY, INDICATOR = "headwind-agency", "headwind-indicator"


def to_agency(sheet: Sheet, agency: str) -> list[dict[str, Any]]:
    """To the board of the agency that a value belongs to; nowhere from there itself."""
    if sheet.fixed or sheet.board.uid == AGENCY:
        return []
    return [_link("Open this agency", AGENCY, f"var-agency={agency}")]


def to_indicator(sheet: Sheet, indicator: str) -> list[dict[str, Any]]:
    """To the board of an indicator; nowhere from there itself."""
    if sheet.fixed or sheet.board.uid == INDICATOR:
        return []
    return [_link("Open this indicator", INDICATOR, f"var-indicator={indicator}")]


def _link(title: str, uid: str, choice: str) -> dict[str, Any]:
    # What stands in a name may mean something in an address.
    quoted = choice.replace("}", ":percentencode}")
    return {"title": title, "url": f"/d/{uid}?{quoted}&${{__url_time_range}}", "targetBlank": False}
