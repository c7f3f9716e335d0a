"""A board: one question, and the panels that answer it; boards are found by being there."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

import dashboards.boards
from dashboards.panel import Meter, Panel
from dashboards.words import STATES

UID = re.compile(r"headwind-[a-z][a-z0-9-]{0,30}")


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A choice the reader makes; ``required`` boards cannot be drawn without it.

    ``whole`` is what not choosing is called; "" where something is always chosen.
    """

    name: Literal["group", "agency", "indicator", "unit", "service", "stratum"]
    label: str
    required: bool = False
    whole: str = ""

    @property
    def always(self) -> bool:
        """Whether something is always chosen: parts of an agency may always be left open."""
        return self.required or (not self.whole and self.name in {"agency", "indicator"})


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """One screen. ``question`` is the question a reader comes with, ended by "?".

    ``meters`` are further courses in Grafana, which has a Prometheus where the page has none.
    ``states`` are the words of its legend, ``days`` is how much time it shows unless asked.
    """

    uid: str
    title: str
    question: str
    panels: tuple[Panel, ...]
    meters: tuple[Meter, ...] = ()
    variables: tuple[Variable, ...] = ()
    reading: tuple[str, ...] = ()
    states: Mapping[str, str] = msgspec.field(
        default_factory=lambda: {str(k): v for k, v in STATES.items()}
    )
    days: int = 365


class StrayBoardError(Exception):
    """A file in dashboards/boards holds no board, or one that another file already holds."""


@functools.cache
def boards() -> dict[str, Board]:
    """Every board by uid, in the order of their file names; raises StrayBoardError."""
    found: dict[str, Board] = {}
    for module in pkgutil.iter_modules(dashboards.boards.__path__):
        name = f"dashboards.boards.{module.name}"
        board = getattr(importlib.import_module(name), "BOARD", None)
        if not isinstance(board, Board):
            message = f"{name} must define BOARD = Board(...); move other code elsewhere."
            raise StrayBoardError(message)
        if board.uid in found or not UID.fullmatch(board.uid):
            message = f"{name}: uid {board.uid!r} must be unique and match {UID.pattern}."
            raise StrayBoardError(message)
        found[board.uid] = board
    return found
