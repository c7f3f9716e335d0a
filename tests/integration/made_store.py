"""A small invented store, filled through ``headwind load`` as a user would, and a terminal."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from connectors._publish import Batch, EmbeddedPublisher
from models.settings import Settings
from models.store import open_store
from streams.catalogue import allowed
from streams.runner import Runner
from tests.integration.records import HEADWIND, headwind
from tests.unit.events_made import BEGIN, DAY, day_count, iso, line

OPENED = "headwind.service.request.opened.v1"
CLOSED = "headwind.service.request.closed.v1"
COUNTED = "headwind.service.transactions.counted.v1"
PRESENT = "headwind.remote.presence.counted.v1"

DAYS = 110
FALL, LEFT = range(80, 90), range(94, 102)
"""Days on which permits fall, and on which nearly nobody is present."""
FIRST, SECOND = BEGIN + 120 * DAY, BEGIN + 150 * DAY
"""When the first and the second load were received."""
CORRECTED = 75
"""The day whose count of permits the second load corrects, from 200 to 150."""

SETTINGS = """
[privacy]
dpia_ref = "invented"
social_dialogue_ref = "invented"
"""

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""Bold and dim, which a terminal does not show as characters."""

_numbers = count()


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class Made:
    """A folder with a store and settings, and commands run in it."""

    def __init__(self, folder: Path, settings: str = SETTINGS) -> None:
        self.folder = folder
        self.store = folder / "headwind.db"
        self.key = ""
        """The id of the key that :func:`fill` issues."""
        (folder / "headwind.toml").write_text(settings, encoding="utf-8")

    def load(
        self, agency: str, lines: Sequence[bytes], received: int = FIRST, *, code: int = 0
    ) -> str:
        """Load events; what was said, the exit code being as told."""
        file = self.folder / f"{next(_numbers)}.jsonl"
        file.write_bytes(b"\n".join(lines))
        options = ["--agency", agency, "--received", iso(received)]
        done = headwind("load", file, *options, cwd=self.folder)
        assert done.returncode == code, done.stderr
        return done.stderr

    def receive(self, agency: str, lines: Sequence[bytes], received: int = FIRST) -> None:
        """Take events in as the door and a running monitor do: no heartbeat follows them."""
        settings = Settings.load(self.folder / "headwind.toml")
        database = open_store(str(self.store))
        batch = Batch(agency=agency, received=received, lines=list(lines))
        EmbeddedPublisher(database).publish([batch])
        runner = Runner(database, settings, allowed(settings.privacy))
        runner.start()
        runner.drain()
        database.dispose()

    def run(self, *arguments: str) -> Done:
        """A command in this process, its output piped; what it does not foresee is raised."""
        from deploy.cli import main

        kept = {name: text for name, text in os.environ.items() if not name.startswith("HEADWIND_")}
        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "argv", ["headwind", *arguments]),
            patch.dict(os.environ, kept, clear=True),
        ):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Done(code, out.getvalue(), err.getvalue())

    def told(self, *arguments: str, code: int = 0) -> str:
        """What a command prints when it ends with this code."""
        done = self.run(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def said(self, *arguments: str, code: int) -> str:
        """What a command that ends with this code says besides its output, in one line."""
        done = self.run(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return flat(done.stderr)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What a command gives as JSON."""
        return msgspec.json.decode(self.told(*arguments, "--format", "json", code=code))

    def seen(self, width: int, *arguments: str) -> list[str]:
        """The lines that a person sees on a terminal so many characters wide."""
        return on_terminal(width, *arguments, cwd=self.folder)


def flat(said: str) -> str:
    """What was said in one line, without the frame around it."""
    return " ".join(said.replace("│", " ").split())


def on_terminal(width: int, *arguments: str, cwd: Path) -> list[str]:
    """Run a command on a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEADWIND_")}
    environment = {**kept, "TERM": "xterm", "NO_COLOR": "1"}
    for name in ("COLUMNS", "LINES", "FORCE_COLOR"):
        environment.pop(name, None)
    with subprocess.Popen(
        [HEADWIND, *arguments], cwd=cwd, env=environment, stdin=slave, stdout=slave, stderr=slave
    ):
        os.close(slave)
        shown = b"".join(_chunks(master))
    os.close(master)
    return STYLE.sub("", shown.decode()).splitlines()


def _chunks(master: int) -> Iterator[bytes]:
    """All that is written until the last writer has gone, which Linux tells as an error."""
    while True:
        try:
            yield os.read(master, 65_536)
        except OSError:
            return


def counts(number: int, day: int, **data: Any) -> bytes:
    """A count of transactions of one day."""
    start = BEGIN + day * DAY
    told = day_count(start, number) | data
    return line(COUNTED, f"c{next(_numbers)}", "bus", start, **told)


def request(name: str, opened: int, closed: int | None = None, **data: Any) -> list[bytes]:
    """A request, opened and perhaps closed at these hours since the beginning."""
    told = {"request": name, "service": "parking"} | data
    hour = DAY // 24
    lines = [line(OPENED, f"{name}-o", "crm", BEGIN + opened * hour, **told)]
    if closed is not None:
        facts = {"request": name, "service": told["service"]}
        lines.append(line(CLOSED, f"{name}-c", "crm", BEGIN + closed * hour, **facts))
    return lines


def _parks() -> Iterator[bytes]:
    for day in range(DAYS):
        permits = 30 if day in FALL else 100 + 2 * (day % 5)
        yield counts(permits, day)
        yield counts(40 + day % 3, day, service="parking permits for residents", channel="phone")
        start = BEGIN + day * DAY
        change = (-60.0 if day in LEFT else -10.0) + day % 4
        told = {"from": iso(start), "to": iso(start + DAY), "unit": "north", "posts": 50}
        yield line(PRESENT, f"p{day}", "bus", start, **told, change_from_baseline=change)


def fill(made: Made) -> None:
    """Two agencies: counts that fall and come back, one corrected; few requests; three events are refused."""
    key = made.told("keys", "issue", "--agency", "parks and playgrounds")
    made.key = key.split("_")[1]
    made.load("parks", list(_parks()))
    due = iso(BEGIN + 3 * DAY)
    lines = [part for n in range(6) for part in request(f"r{n}", n, 40 + 20 * n, due=due)]
    lines += request("r6", 7, 30)
    lines.append(line(OPENED, "bad", "crm", BEGIN, request="r7", email="a@example.org"))
    lines.append(line("headwind.service.request.opnd.v1", "worse", "crm", BEGIN, request="r8"))
    lines += request("r9", 24 * 60, 24 * 60 + 5)
    made.load("roads", lines, code=1)
    unknown = line("headwind.service.counted.v1", "worst", "bus", BEGIN)
    made.load("parks", [counts(75, CORRECTED), unknown], SECOND, code=1)
