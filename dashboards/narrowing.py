"""What a reader chose, as a condition: text, or SQL that gives text where Grafana fills it in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, or_, true


def narrowed(column: ColumnElement[Any], chosen: Any) -> ColumnElement[bool]:
    """Whether a row is among what was chosen; "" chooses all."""
    if isinstance(chosen, str):
        return column == chosen if chosen else true()
    return or_(unchosen(chosen), column == chosen)


def unchosen(chosen: Any) -> ColumnElement[bool]:
    """Whether nothing was chosen, as a condition."""
    if isinstance(chosen, str):
        return false() if chosen else true()
    found: ColumnElement[bool] = chosen == ""
    return found


def is_all(chosen: Any) -> bool:
    """Whether it is known beforehand that nothing was chosen."""
    return isinstance(chosen, str) and not chosen
