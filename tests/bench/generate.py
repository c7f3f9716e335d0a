"""Writes NDJSON files of events to measure with: ``python -m tests.bench.generate N FILE``.

Events come in order of time, as many each day whatever N is, so that a longer file is a longer
history and not a busier one. Four agencies; 80 % requests opened and closed, the rest daily
counts, changes, deployments, decisions and opportunities; some 350 bytes an event. The same
N and seed give the same file.
"""

from __future__ import annotations

import sys
from math import isqrt
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PER_DAY: Final = 10_000
AGENCIES: Final = ("harbour", "forestry", "records", "schools")

_CHUNK: Final = 100_000
_DAY_MS: Final = 86_400_000
_START_MS: Final = 1_704_067_200_000
_OPENED, _CLOSED, _COUNTED, _MERGED, _DEPLOYED, _DECISION, _OPPORTUNITY = range(7)
_MIX: Final = (0.4, 0.4, 0.08, 0.04, 0.02, 0.04, 0.02)
_SHUFFLED: Final = 1024
"""Requests are closed in the order in which they came but for shuffling among so many."""
_OPEN: Final = {_CLOSED: 4 * _SHUFFLED, _DECISION: 300, _OPPORTUNITY: 500}
"""How many of a kind are open at any time, once there were so many."""
_CHANNELS: Final = ("web", "phone", "app", "counter", "post")
_SERVICES: Final = tuple(f"Service {letter}" for letter in "ABCDEFGHIJ")
_UNITS: Final = ("north", "south", "east", "west", "centre", "central-office")
_CLASSES: Final = ("operational", "operational", "tactical", "strategic")
_SIZES: Final = ("S", "M", "S", "L", "M")


class Writer:
    """Makes chunks of events one after the other; what is open goes from chunk to chunk."""

    def __init__(self, per_day: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._per_day = per_day
        self._number = 0
        self._seen = dict.fromkeys(range(7), 0)
        self._order = np.zeros(0, np.int64)

    def chunk(self, size: int) -> bytes:
        """The next ``size`` events, a line each."""
        count = np.arange(self._number, self._number + size, dtype=np.int64)
        times = _START_MS + count * _DAY_MS // self._per_day
        kinds = self._kinds(size)
        lines: NDArray[np.object_] = np.empty(size, object)
        for kind, make in _MAKERS.items():
            rows = np.flatnonzero(kinds == kind)
            first = self._seen[kind]
            numbers = np.arange(first, first + len(rows), dtype=np.int64)
            if kind == _CLOSED:
                numbers = self._closing(first, len(rows))
            self._seen[kind] += len(rows)
            made = make(numbers.tolist(), times[rows])
            lines[rows] = np.array(made, object)
        self._number += size
        return ("\n".join(lines.tolist()) + "\n").encode()

    def _kinds(self, size: int) -> NDArray[np.int64]:
        """Kinds by the mix; requests are only opened until enough of them are open."""
        kinds = self._rng.choice(7, size, p=_MIX)
        missing = _OPEN[_CLOSED] - (self._seen[_OPENED] - self._seen[_CLOSED])
        closing = np.flatnonzero(kinds == _CLOSED)
        # Each one that is turned counts twice: one more is opened, one fewer closed.
        kinds[closing[: max(0, missing) // 2]] = _OPENED
        return kinds

    def _closing(self, first: int, size: int) -> NDArray[np.int64]:
        """Numbers of the requests that are closed next."""
        while len(self._order) < size:
            block = (first + len(self._order)) // _SHUFFLED * _SHUFFLED
            shuffled = block + self._rng.permutation(_SHUFFLED)
            self._order = np.concatenate((self._order, shuffled))
        taken, self._order = self._order[:size], self._order[size:]
        return taken


def write(number: int, path: Path, *, per_day: int = PER_DAY, seed: int = 1) -> int:
    """Write so many events to a file; how many bytes they are. Raises OSError."""
    writer = Writer(per_day, seed)
    written = 0
    with path.open("wb") as file:
        for first in range(0, number, _CHUNK):
            written += file.write(writer.chunk(min(_CHUNK, number - first)))
    return written


def _texts(ms: NDArray[np.int64]) -> list[str]:
    texts: list[str] = np.datetime_as_string(ms.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


def _head(key: str, source: str, kind: str, at: str, agency: str) -> str:
    return (
        f'{{"specversion":"1.0","id":"{key}","source":"https://{agency}.example.org/{source}",'
        f'"type":"{kind}","time":"{at}","datacontenttype":"application/json","agency":"{agency}","data":'
    )


def _opened(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    due = _texts(times + (6 + np.array(numbers, np.int64) % 5 * 8) * 3_600_000)
    kind = "headwind.service.request.opened.v1"
    return [
        f"{_head(f'req-{n:09d}/opened', 'casework', kind, at, AGENCIES[n & 3])}"
        f'{{"request":"req-{n:09d}","service":"{_SERVICES[n % 10]}",'
        f'"channel":"{_CHANNELS[n % 5]}","due":"{end}","unit":"{_UNITS[n % 6]}"}}}}'
        for n, at, end in zip(numbers, _texts(times), due, strict=True)
    ]


def _closed(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    kind = "headwind.service.request.closed.v1"
    return [
        f"{_head(f'req-{n:09d}/closed', 'casework', kind, at, AGENCIES[n & 3])}"
        f'{{"request":"req-{n:09d}","service":"{_SERVICES[n % 10]}",'
        f'"channel":"{_CHANNELS[n % 5]}","outcome":"done","unit":"{_UNITS[n % 6]}"}}}}'
        for n, at in zip(numbers, _texts(times), strict=True)
    ]


def _counted(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    """Counts of the day before, each of another part."""
    day = times // _DAY_MS * _DAY_MS
    kind = "headwind.service.transactions.counted.v1"
    return [
        f"{_head(f'cnt-{n:09d}', 'counts', kind, start, AGENCIES[n & 3])}"
        f'{{"service":"{_SERVICES[n % 10]}","channel":"{_CHANNELS[n % 5]}","from":"{start}",'
        f'"to":"{end}","part":"{n % 1000}","started":{100 + n % 37},'
        f'"completed":{80 + n % 17},"failed":{n % 3},"within_standard":{60 + n % 19}}}}}'
        for n, start, end in zip(numbers, _texts(day - _DAY_MS), _texts(day), strict=True)
    ]


def _merged(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    begun = _texts(times - (1 + np.array(numbers, np.int64) % 90) * 3_600_000)
    kind = "dev.cdevents.change.merged.0.2.0"
    return [
        f"{_head(f'merge-{n:08d}', 'pipeline', kind, at, AGENCIES[n & 3])}"
        f'{{"subject":{{"id":"chg-{n:08d}","type":"change","content":{{}}}},'
        f'"customData":{{"created_at":"{first}","service":"{_SERVICES[n % 10]}"}}}}}}'
        for n, at, first in zip(numbers, _texts(times), begun, strict=True)
    ]


def _deployed(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    """Each takes two changes of its agency that were merged some time before."""
    kind = "dev.cdevents.service.deployed.0.2.0"
    # Which comes next is drawn by chance, so deployments may run ahead of half the merges by
    # some two roots of their number: no change is deployed before it was merged.
    behind = [400 + 8 * (2 * isqrt(n)) for n in numbers]
    changes = [
        max(n & 3, 8 * (n // 4) + (n & 3) - lag) for n, lag in zip(numbers, behind, strict=True)
    ]
    return [
        f"{_head(f'dep-{n:08d}', 'pipeline', kind, at, AGENCIES[n & 3])}"
        f'{{"subject":{{"id":"dep-{n:08d}","type":"service","content":{{}}}},"customData":'
        f'{{"change_ids":["chg-{c:08d}","chg-{c + 4:08d}"],"outcome":"success"}}}}}}'
        for n, at, c in zip(numbers, _texts(times), changes, strict=True)
    ]


def _decision(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    lines = []
    for n, at in zip(numbers, _texts(times), strict=True):
        item, last = _turn(n, _OPEN[_DECISION])
        what = "made" if last else "requested"
        kind = f"headwind.project.decision.{what}.v1"
        head = _head(f"dec-{item:08d}/{what}", "register", kind, at, AGENCIES[item & 3])
        lines.append(
            f'{head}{{"decision":"dec-{item:08d}","class":"{_CLASSES[item // 4 % 4]}",'
            f'"unit":"{_UNITS[item % 6]}"}}}}'
        )
    return lines


def _opportunity(numbers: list[int], times: NDArray[np.int64]) -> list[str]:
    lines = []
    for n, at in zip(numbers, _texts(times), strict=True):
        item, last = _turn(n, _OPEN[_OPPORTUNITY])
        kind = f"headwind.project.{'service.launched' if last else 'opportunity.identified'}.v1"
        key = f"opp-{item:08d}"
        about = f'"service":"svc-{item:08d}","reach":"full",' if last else '"origin":"staff",'
        head = _head(
            f"{key}/{'live' if last else 'seen'}", "register", kind, at, AGENCIES[item & 3]
        )
        lines.append(
            f'{head}{{{about}"opportunity":"{key}","size_class":"{_SIZES[item % 5]}",'
            f'"unit":"{_UNITS[item % 6]}"}}}}'
        )
    return lines


def _turn(number: int, waiting: int) -> tuple[int, bool]:
    """Which item an event is about and whether it ends it: begun, and in turn the oldest ended."""
    if number < waiting:
        return number, False
    pair, second = divmod(number - waiting, 2)
    return (pair, True) if second else (waiting + pair, False)


_MAKERS: Final = {
    _OPENED: _opened,
    _CLOSED: _closed,
    _COUNTED: _counted,
    _MERGED: _merged,
    _DEPLOYED: _deployed,
    _DECISION: _decision,
    _OPPORTUNITY: _opportunity,
}


def _main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not arguments[0].isdecimal():
        sys.stderr.write("Say how many and where to: python -m tests.bench.generate N FILE\n")
        return 2
    try:
        written = write(int(arguments[0]), Path(arguments[1]))
    except OSError as error:
        sys.stderr.write(f"{arguments[1]} cannot be written: {error.strerror}; name another.\n")
        return 1
    sys.stdout.write(f"{arguments[0]} events, {written / 1e6:.1f} MB in {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
