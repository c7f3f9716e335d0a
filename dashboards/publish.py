"""Boards from files into a Grafana elsewhere: what there is, what would change, whose it is.

A board has one owner: files that the server reads itself, or whoever asks it. Where files own one
of them nothing is published at all, for the server would undo it, or refuse it half-way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from dashboards.annotations import slug
from dashboards.grafana_server import GrafanaServer

FOLDER: Final = Path(__file__).parent / "json"
"""Where the boards stand."""

PREFIX: Final = "headwind-"
"""What the uids of our boards begin with."""

Change = Literal["new", "changed", "same", "files"]

_ITS_OWN: Final = ("id", "version")
"""What the server writes into a board."""


class BoardError(Exception):
    """A file holds no board; the message says which, why, and what to do."""


class Board(NamedTuple):
    """A board as it stands in a file."""

    uid: str
    title: str
    json: dict[str, Any]


class Step(NamedTuple):
    """A board, and what publishing would change; ``files`` where it may not."""

    board: Board
    change: Change


def boards_in(folder: Path) -> list[Board]:
    """The boards of a folder, by uid. Raises BoardError where a file holds none."""
    found: dict[str, Board] = {}
    for file in sorted(folder.glob("*.json")):
        board = _board(file)
        if board.uid in found:
            message = f"{file}: another file has a board {board.uid} too; take one of them away"
            raise BoardError(message)
        found[board.uid] = board
    if not found:
        message = f"there is no board in {folder}; make them with headwind boards build"
        raise BoardError(message)
    return [board for _, board in sorted(found.items())]


def steps(server: GrafanaServer, boards: Sequence[Board], folder: str) -> Iterator[Step]:
    """What publishing into the folder of this title would do. Raises GrafanaError."""
    for board in boards:
        standing = server.board(board.uid)
        if standing is None:
            yield Step(board, "new")
        elif standing.owner == "files":
            yield Step(board, "files")
        else:
            same = standing.folder == folder_uid(folder) and _bare(standing.board) == _bare(
                board.json
            )
            yield Step(board, "same" if same else "changed")


def publish(server: GrafanaServer, todo: Sequence[Step], folder: str, message: str) -> None:
    """Save what is new or changed. Raises GrafanaError; what was saved before stays."""
    uid = server.folder(folder_uid(folder), folder)
    for step in todo:
        if step.change in ("new", "changed"):
            server.save_board(step.board.json, uid, message)


def folder_uid(title: str) -> str:
    """The uid of a folder, made of its title, so that it stays the same.

    >>> folder_uid("Headwind"), folder_uid("Wind & weather")
    ('headwind', 'wind-weather-8ed582f5')
    """
    plain = slug(title.strip().lower()).replace(":", "-")
    return plain if len(plain) <= 40 else f"{plain[:31]}-{plain[-8:]}"


def _board(file: Path) -> Board:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror}); make it readable"
        raise BoardError(message) from None
    except ValueError:
        message = f"{file} is no JSON; make it again with headwind boards build"
        raise BoardError(message) from None
    uid, title = (held.get("uid"), held.get("title")) if isinstance(held, dict) else (None, None)
    if not isinstance(uid, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid) or not title:
        message = (
            f'{file} is no bare board with a uid and a title; take what stands under "dashboard" '
            "out of its wrapping, or make it again with headwind boards build"
        )
        raise BoardError(message)
    return Board(uid, str(title), held)


def _bare(board: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in board.items() if name not in _ITS_OWN}
