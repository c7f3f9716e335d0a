"""Sending: lines checked, cut into batches, made durable, with a checkpoint that moves along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from connectors._publish import Batch
from connectors._report import FileReport, Progress, Refused
from models.check import check
from models.events import Counted
from models.events.context import SourceHeartbeat
from models.problem import Problem, Refusal
from models.record import MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors._cells import Fault
    from connectors._publish import Publisher
    from models.event import Event

COMMIT = 10_000
"""Events made durable in one transaction: few enough to see progress, enough to be fast."""

FIRST = 5
"""How many events a report shows."""


class Outlet(msgspec.Struct, kw_only=True):
    """Where events go: ``clock`` gives ms since the epoch; a dry run publishes nothing."""

    publisher: Publisher
    clock: Callable[[], int]
    progress: Callable[[Progress], None]
    dry_run: bool


class Sender:
    """Sends the events of one file.

    A position counts the events handed in so far, refused ones among them, so that the same
    file gives the same positions whatever the clock says. What lies before ``resume`` was made
    durable by an earlier run: it is checked, for the report, and not sent again.
    """

    def __init__(self, outlet: Outlet, report: FileReport, total: int, resume: int) -> None:
        """``total`` is 0 where it is not known beforehand."""
        self._outlet = outlet
        self._report = report
        self._total = total
        self._resume = resume
        self._position = 0
        self._pending: list[Batch] = []
        self._waiting = 0
        self._reached: dict[tuple[str, str], datetime] = {}

    def send(
        self,
        agency: str,
        lines: Sequence[bytes],
        rows: Sequence[int],
        named: Callable[[int, str], tuple[str, str]],
    ) -> None:
        """Check and send lines of one agency.

        ``rows`` are their row numbers; ``named`` gives, for a place in ``lines`` and a JSON
        pointer, the [[event]] and the column they come from.
        """
        received = self._outlet.clock()
        checked = check(lines, agency=agency, families=None, received=received)
        refused = []
        for refusal in checked.refused:
            refused.append(msgspec.structs.replace(refusal, row=rows[refusal.row]))
            self._tell(refusal, rows[refusal.row], named)
        self._report.refused_events += len(refused)
        if len(self._report.first) < FIRST:
            shown = checked.lines[: FIRST - len(self._report.first)]
            self._report.first += [line.decode() for line in shown]
        if self._position >= self._resume:
            self._report.events += len(checked.lines)
            self._queue(agency, received, checked.lines, refused)
        self._position += len(lines)
        if self._waiting >= COMMIT:
            self._commit(finished=False)
        self._reach(agency, checked.events, received)

    def refuse(self, agency: str, faults: Sequence[Fault]) -> None:
        """Put rows into quarantine that could not be made into events; values stay behind."""
        report = self._report
        found: dict[tuple[int, str], list[Problem]] = {}
        for fault in faults:
            pointer = f"/{fault.column}" if fault.column else ""
            named = f'Column "{fault.column}"' if fault.column else "The row"
            problem = Problem(pointer, fault.code, f"{named} {fault.message}")
            for row in fault.rows:
                known = found.setdefault((row, fault.event), [])
                # Two fields may come from the same wrong cell.
                if problem not in known:
                    known.append(problem)
                    report.refused.append(_refused(report.file, row, fault))
        report.refused_events += len(found)
        # The id says file and row: two files may be wrong in the same row in the same way.
        refused = [
            Refusal(
                row=row,
                event_source="",
                event_id=f"{report.fingerprint[:12]}|{row}|{event}",
                event_type="",
                problems=problems,
                payload=None,
            )
            for (row, event), problems in sorted(found.items())
        ]
        for start in range(0, len(refused), COMMIT):
            self._queue(agency, self._outlet.clock(), [], refused[start : start + COMMIT])
            if self._waiting >= COMMIT:
                self._commit(finished=False)

    def finish(self) -> None:
        """Send what waits, and of each source a heartbeat, so that its last period can close."""
        received = self._outlet.clock()
        for (agency, source), moment in sorted(self._reached.items()):
            line = _heartbeat(agency, source, moment, self._report.fingerprint)
            self._queue(agency, received, [line], [])
        self._commit(finished=True)

    def _reach(self, agency: str, events: Sequence[Event], received: int) -> None:
        """Remember up to when each source is complete: the end of its last period or event."""
        now = datetime.fromtimestamp(received / 1000, UTC)
        latest: dict[str, datetime] = {}
        for event in events:
            moment = event.time
            data = event.data
            if isinstance(data, Counted) and moment < data.end <= now:
                moment = data.end
            source = event.source
            if source not in latest or moment > latest[source]:
                latest[source] = moment
        for source, moment in latest.items():
            known = self._reached.get((agency, source))
            if known is None or moment > known:
                self._reached[agency, source] = moment

    def _queue(
        self, agency: str, received: int, lines: list[bytes], refused: list[Refusal]
    ) -> None:
        origin = self._report.file
        for start in range(0, len(lines), MAX_EVENTS):
            cut = lines[start : start + MAX_EVENTS]
            batch = Batch(agency=agency, received=received, lines=cut, origin=origin)
            self._pending.append(batch)
        if refused:
            batch = Batch(
                agency=agency, received=received, lines=[], refused=refused, origin=origin
            )
            self._pending.append(batch)
        self._waiting += len(lines) + len(refused)

    def _commit(self, *, finished: bool) -> None:
        outlet, report = self._outlet, self._report
        if not outlet.dry_run:
            if not self._pending:
                self._queue_nothing()
            last = self._pending[-1]
            last.load = (report.fingerprint, report.file, self._position, finished)
            outlet.publisher.publish(self._pending)
        self._pending, self._waiting = [], 0
        total = max(self._total, self._position)
        outlet.progress(
            Progress(file=report.file, stage="sending", done=self._position, total=total)
        )

    def _queue_nothing(self) -> None:
        self._pending.append(
            Batch(agency="", received=self._outlet.clock(), lines=[], origin=self._report.file)
        )

    def _tell(
        self, refusal: Refusal, row: int, named: Callable[[int, str], tuple[str, str]]
    ) -> None:
        for problem in refusal.problems:
            event, column = named(refusal.row, problem.pointer)
            self._report.refused.append(
                Refused(
                    file=self._report.file,
                    row=row,
                    column=column,
                    code=problem.code,
                    message=problem.message,
                    event=event,
                )
            )


def _heartbeat(agency: str, source: str, moment: datetime, fingerprint: str) -> bytes:
    """An event that says: of this source all before ``moment`` has been sent."""
    fine = "milliseconds" if moment.microsecond else "seconds"
    at = moment.astimezone(UTC).isoformat(timespec=fine).replace("+00:00", "Z")
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "type": SourceHeartbeat.TYPE,
            "source": source,
            "id": f"heartbeat|{fingerprint[:16]}|{at}",
            "time": at,
            "agency": agency,
            "data": {"complete_to": at},
        }
    )


def _refused(file: str, row: int, fault: Fault) -> Refused:
    named = f'Column "{fault.column}"' if fault.column else "The row"
    return Refused(
        file=file,
        row=row,
        column=fault.column,
        code=fault.code,
        message=f"{named} {fault.message}",
        event=fault.event,
    )
