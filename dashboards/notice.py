"""Screens without a board: an empty store, a name nobody knows, a choice that is no date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.drawing import render
from models.value import GROUP

if TYPE_CHECKING:
    from dashboards.reader import Reader

_CURL = """curl --fail-with-body http://127.0.0.1:8080/events \\
  -H "Authorization: Bearer $HEADWIND_KEY" \\
  -H "Content-Type: application/x-ndjson" \\
  --data-binary @events.ndjson"""


class EmptyStoreError(Exception):
    """The store has no event yet."""


class UnknownNameError(Exception):
    """Nobody of that name: ``what`` is agency, group or indicator, ``name`` what was asked for."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"There is no {what} of that name.")
        self.what = what
        self.name = name


def empty_store(reader: Reader) -> str:
    """What to do first, with the three commands to choose from."""
    steps = [
        ("See it work with an invented region:", "headwind demo"),
        (
            "Or load a file, with a mapping that says how its columns become events:",
            "headwind load requests.csv --map requests.toml --agency AGENCY",
        ),
        (
            "Or issue a key and send events as they happen:",
            f"headwind keys issue AGENCY\n{_CURL}",
        ),
    ]
    return render(
        "notice.html",
        **reader.shell("Nothing here yet"),
        heading="Nothing here yet",
        text="The store has no event. This page fills by itself once the first ones arrive.",
        refresh=5,
        steps=steps,
        links=[("Events came and were refused: see which, and why", "/pipeline")]
        if reader.has_refused()
        else [],
    )


def unknown_name(reader: Reader, problem: UnknownNameError) -> str:
    """Says which name was not found and offers those that exist."""
    shell = reader.shell(f"No such {problem.what}")
    name = problem.name.removeprefix(GROUP)[:128]
    known = shell["indicators"] if problem.what == "indicator" else shell["agencies"]
    return render(
        "notice.html",
        **shell,
        heading=f"No such {problem.what}",
        text=f"There is no {problem.what} called \u201c{name}\u201d here. These exist:"
        if known
        else f"There is no {problem.what} called \u201c{name}\u201d here.",
        steps=[],
        refresh=0,
        links=known,
    )


def bad_choice(reader: Reader, said: str) -> str:
    """Says what in the address cannot be understood."""
    return render(
        "notice.html",
        **reader.shell("Not understood"),
        heading="That choice is not understood",
        text=said[:1].upper() + said[1:],
        steps=[],
        refresh=0,
        links=[("Back to the overview", "/")],
    )
