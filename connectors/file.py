"""Files: csv, xlsx, jsonl and parquet, gzipped or not, become events.

A **jsonl** file (one JSON object a line) without a mapping holds events already, as the HTTP
door takes them; it is read in chunks, so it may be of any length. Every other file needs a
**mapping**: a TOML file that says how columns become events. The smallest one:

    source = "contact-centre"              # names the system; part of every event's identity
    timezone = "America/Vancouver"         # of times that carry no zone of their own
    key = ["date"]                         # columns that make a row unique: the events' ids

    [[event]]
    type = "headwind.service.transactions.counted.v1"
    data.service = { const = "Contact centre" }
    data.from = "date"
    data.to = { column = "date", plus = "P1D" }
    data.started = "calls_offered"
    data.completed = "calls_handled"

**The file.** ``delimiter`` (default comma; tab for .tsv), ``encoding`` (default utf-8),
``decimal`` ("." or ","), ``sheet`` (xlsx; default the first). The first row is the header.

**Whose events.** ``--agency NAME``, or in the mapping ``agency = "column"`` or
``agency = { sql = "…" }``.

**Columns.** All columns are text (parquet keeps its types). ``[columns]`` declares those that
SQL computes with: ``calls = "integer"`` (or ``number``, ``time``, ``boolean``), or
``day = { type = "time", format = "%d/%m/%Y" }``. A column that the mapping does not read
goes nowhere. One that is named like a person's data is refused; if it holds none, list it:
``not_personal = ["staff"]``.

**Events.** Each ``[[event]]`` makes at most one event of a row:

- ``type``; ``name`` (default from the type), part of the id: key columns and name, joined by |.
  An event sent again has the same id and is dropped. The id of a count ends with a hash of
  what it says, so that the same period with other numbers is a correction.
- ``when = "status = 'closed'"``: only rows for which this SQL holds.
- ``once = ["case_id"]``: only the first such row of each case. ``key`` overrides the general one.
- ``time``: when it happened; counts take their ``from`` where it is absent.
- ``data``: the fields of the type, each a column's name, ``{ const = … }`` or
  ``{ sql = "…" }`` (Polars SQL). Further words in the braces: ``column``; ``when`` (SQL: only
  then is the field set); ``format`` (``iso``, ``epoch``, ``epoch_ms``, strptime, or a list: a
  cell that fits two of them with different meanings is refused); ``plus`` (an ISO 8601
  duration, in calendar steps of ``timezone``); ``not_before``, ``not_after`` (times) and
  ``at_most`` (numbers): SQL; a value beyond it is taken as that value and counted as cleaned.
  Objects in the data are tables, lists of objects arrays of tables. Empty fields are left out.

**Rows that belong together.** ``[[derive]]`` finds for each of ``rows`` (SQL) the first of the
rows ``first`` (SQL), in the order of the column ``order``, whose number ``by`` is not smaller,
among those alike in the columns ``within``. ``give = { new = "column" }`` adds what the found
row has; ``collect = { new = "sql" }`` adds to the found row the list of what belongs to it.

**Sending.** The events of a file are sent in the order of their time, with a checkpoint: a
load that was broken off goes on where it stood, one that is finished sends nothing again.
Behind the last event stands a heartbeat of each source: complete up to here. Give several
files oldest first.

**Bad rows** go to quarantine with file, row, column and what to do; the good ones are sent. A
missing column refuses the whole file before anything is sent. Values that look like a
person's data are refused and written nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import xxhash

from connectors._file_bytes import measure
from connectors._read import format_of, read_table
from connectors._report import FileReport, LoadError, LoadReport, Progress
from connectors._send import Outlet, Sender
from connectors._shape import WINDOW, Shaped, shape
from connectors._stream import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from connectors._file_bytes import Extent
    from connectors._mapping import EventMap, Mapping
    from connectors._publish import Publisher

CHECKED = 5_000
"""Events checked together."""


def load(  # noqa: PLR0913 (what a load depends on, each part replaceable in a test)
    files: Iterable[Path],
    *,
    mapping: Mapping | None,
    agency: str | None,
    publisher: Publisher,
    clock: Callable[[], int],
    dry_run: bool,
    progress: Callable[[Progress], None],
    checkpoint: Callable[[str], tuple[int, bool] | None] = lambda _: None,
    restart: bool = False,
) -> LoadReport:
    """Send the events of files, one file after the other; what came of each.

    ``clock`` gives ms since the epoch. ``checkpoint`` gives, for the id of a load, the events
    dealt with so far and whether it is finished, from the table ``load``; ``restart`` ignores
    it (what was sent before is dropped as a repeat). A dry run publishes nothing. Raises
    ``LoadError`` where the request itself is wrong, and ``models.store.StoreError`` where the
    store cannot be written: what was sent until then is durable, and a second load goes on.
    """
    paths = list(files)
    check_request(paths, mapping, agency)
    outlet = Outlet(publisher=publisher, clock=clock, progress=progress, dry_run=dry_run)
    report = LoadReport(dry_run=dry_run)
    for path in paths:
        one = FileReport(file=path.name, state="checked" if dry_run else "sent")
        report.files.append(one)
        progress(Progress(file=path.name, stage="reading"))
        try:
            _load_file(path, mapping, agency, outlet, one, None if restart else checkpoint)
        except LoadError as error:
            one.state, one.stopped = "refused", str(error)
    return report


def check_request(paths: Iterable[Path], mapping: Mapping | None, agency: str | None) -> None:
    """Raise ``LoadError`` where files, map and agency do not go together."""
    if mapping is None:
        for path in paths:
            if format_of(path) != "jsonl":
                message = (
                    f"{path.name} needs a mapping that says how its columns become events: "
                    "--map MAP.toml. Only .jsonl files of events go without."
                )
                raise LoadError(message)
    elif mapping.agency and agency:
        message = (
            "The map takes the agency from the file and --agency names one too; leave out "
            "--agency, or `agency` in the map."
        )
        raise LoadError(message)
    elif not mapping.agency and not agency:
        message = "Whose events are these? Say --agency NAME, or `agency = COLUMN` in the map."
        raise LoadError(message)


def _load_file(  # noqa: PLR0913, PLR0917 (the parts of one load)
    path: Path,
    mapping: Mapping | None,
    agency: str | None,
    outlet: Outlet,
    report: FileReport,
    checkpoint: Callable[[str], tuple[int, bool] | None] | None,
) -> None:
    extent = measure(path)
    made_of = (extent.digest, mapping.fingerprint if mapping else "", agency or "")
    report.fingerprint = xxhash.xxh3_128_hexdigest("|".join(made_of).encode())
    done, finished = (checkpoint(report.fingerprint) if checkpoint else None) or (0, False)
    if finished and not outlet.dry_run:
        report.state = "already sent"
        report.notes.append(
            "was loaded before, with the same map and agency: nothing was sent. "
            "--restart sends it again; what is known is dropped then."
        )
        return
    resume = 0 if outlet.dry_run else done
    report.resumed_at = resume
    if mapping is None:
        sender = Sender(outlet, report, 0, resume)
        stream(extent, agency, sender, report)
        if not report.rows:
            message = f"{path.name} holds no events; export it again and load it then."
            raise LoadError(message)
    else:
        sender = _send_table(extent, mapping, agency, outlet, report)
    if resume:
        report.notes.append(f"goes on behind event {resume}, where an earlier run broke off.")
    _note_extent(extent, report)
    sender.finish()


def _send_table(
    extent: Extent, mapping: Mapping, agency: str | None, outlet: Outlet, report: FileReport
) -> Sender:
    table = read_table(extent, mapping)
    shaped = shape(table, mapping, agency)
    report.rows = len(table.frame) + len({row for fault in table.faults for row in fault.rows})
    del table
    report.cleaned, report.repeats = shaped.cleaned, shaped.repeats
    report.notes += shaped.notes
    sender = Sender(outlet, report, len(shaped.frame), report.resumed_at)
    _refuse(shaped, agency, sender)
    sources = [_sources(event) for event in mapping.events]
    names = [event.name for event in mapping.events]
    for part in _runs(shaped):
        events = part["event"].to_list()

        def named(place: int, pointer: str, events: list[int] = events) -> tuple[str, str]:
            event = events[place]
            return names[event], sources[event].get(pointer, pointer)

        lines = [line.encode() for line in part["line"].to_list()]
        sender.send(part["agency"][0], lines, part["row"].to_list(), named)
    return sender


def _runs(shaped: Shaped) -> Iterator[pl.DataFrame]:
    """Events of one agency at a time, in the order in which they are sent."""
    for part in shaped.frame.iter_slices(WINDOW):
        for run in part.partition_by("window", "agency", maintain_order=True):
            yield from run.iter_slices(CHECKED)


def _refuse(shaped: Shaped, agency: str | None, sender: Sender) -> None:
    """Put the rows that are no events into the quarantine of the agency they belong to."""
    by_agency: dict[str, list[int]] = {}
    for row in sorted({row for fault in shaped.faults for row in fault.rows}):
        by_agency.setdefault(shaped.agencies.get(row, agency or ""), []).append(row)
    for owner, rows in by_agency.items():
        mine = set(rows)
        sender.refuse(owner, [part for fault in shaped.faults if (part := fault.among(mine)).rows])


def _sources(event: EventMap) -> dict[str, str]:
    """Of each JSON pointer into the event: the column it comes from."""
    leaves = {leaf.pointer: leaf.origin for leaf in event.data.walk()}
    if event.time is not None:
        leaves["/time"] = event.time.origin
    elif "/data/from" in leaves:
        leaves["/time"] = leaves["/data/from"]
    return {**leaves, "/id": ", ".join(event.key)}


def _note_extent(extent: Extent, report: FileReport) -> None:
    if extent.truncated:
        report.incomplete = True
        report.notes.append(
            f"is damaged or breaks off: {report.rows} rows could be read and were taken. "
            "Export it again, whole, and load it; what is known is dropped then."
        )
    if extent.grew:
        report.incomplete = True
        report.notes.append(
            f"grew while it was read: its first {extent.size} bytes were taken. Load it again "
            "when nothing writes to it any more; what is known is dropped then."
        )
