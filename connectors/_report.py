"""What came of a load: ready to be shown, nothing left to compute."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["sent", "checked", "already sent", "refused"]


class LoadError(Exception):
    """The load was asked for in a wrong way; the message says what to do instead."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a load is. ``done`` and ``total`` count events; 0 of 0 while a file is read."""

    file: str
    stage: Literal["reading", "sending"]
    done: int = 0
    total: int = 0


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one row. Never holds a value out of the file.

    ``row`` is the row as a spreadsheet or an editor numbers it: the header is row 1. ``column``
    is "" where the row as a whole is meant. ``event`` names the ``[[event]]`` it was for.
    """

    file: str
    row: int
    column: str
    code: str
    message: str
    event: str = ""

    @property
    def where(self) -> str:
        """File, row and column (or the field of an event), for a person."""
        kind = "field" if self.column.startswith("/") else "column"
        column = f', {kind} "{self.column}"' if self.column else ""
        return f"{self.file} row {self.row}{column}"

    @property
    def told(self) -> str:
        """Where it is, what is wrong and what to do; a message may name the column itself."""
        named = self.message.startswith("Column ")
        where = f"{self.file} row {self.row}" if named else self.where
        return f"{where}: {self.message} ({self.code})"


class FileReport(msgspec.Struct, kw_only=True):
    """What came of one file.

    ``rows`` were read, ``events`` made durable by this run (with ``checked``: would be),
    ``repeats`` left out because an earlier row says the very same. ``refused_events`` counts
    what went to quarantine, ``refused`` lists every reason. ``cleaned`` counts values that were
    put right, by what was done. ``stopped`` is the sentence that says why the file was not
    taken as a whole; ``notes`` are further sentences. ``first`` holds the first events as JSON.
    """

    file: str
    fingerprint: str = ""
    state: State = "sent"
    rows: int = 0
    events: int = 0
    resumed_at: int = 0
    repeats: int = 0
    refused_events: int = 0
    refused: list[Refused] = []
    cleaned: dict[str, int] = {}
    notes: list[str] = []
    stopped: str = ""
    incomplete: bool = False
    first: list[str] = []

    @property
    def exit_code(self) -> int:
        """0 fine, 1 something to look at."""
        return int(bool(self.refused or self.stopped or self.incomplete))

    @property
    def sentences(self) -> list[str]:
        """Why the file was not taken and what else is to be known, each with the file's name."""
        told = [self.stopped] if self.stopped else []
        told += self.notes
        return [one if one.startswith(self.file) else f"{self.file}: {one}" for one in told]


class LoadReport(msgspec.Struct, kw_only=True):
    """What came of a load, file by file and in all.

    Whether an event was already known from an earlier load or another way is found by the
    engine, so it is not known here (``headwind explain`` shows repeats).
    """

    files: list[FileReport] = []
    dry_run: bool = False

    @property
    def rows(self) -> int:
        """Rows read."""
        return sum(file.rows for file in self.files)

    @property
    def events(self) -> int:
        """Events made durable; in a dry run: events that would be."""
        return sum(file.events for file in self.files)

    @property
    def repeats(self) -> int:
        """Rows left out because an earlier row of their file says the very same."""
        return sum(file.repeats for file in self.files)

    @property
    def refused_events(self) -> int:
        """Events (or whole rows) in quarantine."""
        return sum(file.refused_events for file in self.files)

    @property
    def refused(self) -> list[Refused]:
        """Every reason of every refused row."""
        return [one for file in self.files for one in file.refused]

    @property
    def cleaned(self) -> dict[str, int]:
        """How many values were put right, by what was done."""
        cleaned: dict[str, int] = {}
        for file in self.files:
            for what, count in file.cleaned.items():
                cleaned[what] = cleaned.get(what, 0) + count
        return cleaned

    @property
    def notes(self) -> list[str]:
        """Sentences for the person, each with its file."""
        return [sentence for file in self.files for sentence in file.sentences]

    @property
    def exit_code(self) -> int:
        """0 fine, 1 something to look at."""
        return max((file.exit_code for file in self.files), default=0)
