"""Quarantine rows: what is kept of a refused event, and under which id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.check import Refusal

NAMESPACE = UUID("6f0b0d3e-6b3c-5b0e-9c39-6f6a5a9c6a11")
"""Namespace of the ids of refused rows; never change it, or a resent event doubles its row."""

_WITHOUT_ROW = frozenset({"door", "engine"})
_LIMITS = {"origin": 256, "event_source": 256, "event_id": 256, "event_type": 128}


def refused_rows(
    agency: str, received: int, origin: str, refusals: Iterable[Refusal]
) -> list[dict[str, Any]]:
    """Rows for the table ``refused``; insert them with "on conflict do nothing".

    ``received`` is milliseconds since the epoch; ``origin`` is ``door``, ``engine`` or a file's
    name, to which the row in the file is added.
    """
    rows = []
    for refusal in refusals:
        row: dict[str, Any] = {
            "id": refused_id(agency, refusal),
            "agency": agency,
            "received": received,
            "origin": origin if origin in _WITHOUT_ROW else f"{origin[-230:]} row {refusal.row}",
            "event_source": refusal.event_source,
            "event_id": refusal.event_id,
            "event_type": refusal.event_type,
            "problems": msgspec.json.encode(refusal.problems).decode(),
            "payload": refusal.payload,
        }
        row |= {name: row[name][:limit] for name, limit in _LIMITS.items()}
        rows.append(row)
    return rows


def refused_id(agency: str, refusal: Refusal) -> str:
    """The id of a refused event: the same event, wrong in the same way, has the same one.

    It never depends on what may be a person's data: where the payload was dropped, only on
    what is wrong and, if the event's own id was dropped too, on its row.
    """
    row = refusal.row if not refusal.event_id else 0
    problems = [(problem.pointer, problem.code) for problem in refusal.problems]
    name = msgspec.json.encode(
        (agency, refusal.event_source, refusal.event_id, row, problems, refusal.payload)
    )
    return str(uuid5(NAMESPACE, name.decode()))
