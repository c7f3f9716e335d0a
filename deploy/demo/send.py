"""Sends the demo's events through the HTTP door, turning the clock as it goes."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx
import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from deploy.clock import SettableClock
    from deploy.demo.sending import Sent

ATTEMPTS: Final = 6
_LONGEST_WAIT_S: Final = 30.0
_TIMEOUT_S: Final = 60.0
_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TAKEN: Final = frozenset(
    {HTTPStatus.ACCEPTED, HTTPStatus.MULTI_STATUS, HTTPStatus.UNPROCESSABLE_ENTITY}
)


class SendError(Exception):
    """The door did not take a sending; the message says whose, why and what to do."""


class SendReport(msgspec.Struct):
    """What was sent: ``events`` accepted and ``refused``, in ``batches``, ``retries`` of them."""

    batches: int = 0
    events: int = 0
    refused: int = 0
    retries: int = 0
    seconds: float = 0.0


class _Receipt(msgspec.Struct):
    """Of the door's answer what is counted here."""

    accepted: int
    refused: list[msgspec.Raw]


_receipt: Final = msgspec.json.Decoder(_Receipt)


def send(
    url: str,
    keys: Mapping[str, str],
    batches: Iterable[Sent],
    *,
    clock: SettableClock,
    progress: Callable[[int], None] = lambda _events: None,
) -> SendReport:
    """Post each batch to ``url``/events with its agency's key, in the order given.

    Before each the ``clock`` is set to the batch's ``sent_ms``, so that a door that reads this
    clock stamps its records as of then. ``progress`` is told how many events each batch had.
    429 and 503 are tried again after the time that the door asks for. Raises
    :class:`SendError` when a batch is not taken or an agency has no key.
    """
    report = SendReport()
    started = time.perf_counter()
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client:
        for batch in batches:
            clock.set(batch.sent_ms)
            receipt = _post(client, keys, batch, report)
            report.batches += 1
            report.events += receipt.accepted
            report.refused += len(receipt.refused)
            progress(len(batch.lines))
    report.seconds = time.perf_counter() - started
    return report


def _post(
    client: httpx.Client, keys: Mapping[str, str], batch: Sent, report: SendReport
) -> _Receipt:
    key = keys.get(batch.agency)
    if key is None:
        message = f"There is no key for agency {batch.agency}; issue one before sending."
        raise SendError(message)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    body = b"\n".join(batch.lines) + b"\n"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = client.post("/events", content=body, headers=headers)
        except httpx.TransportError as error:
            message = (
                f"The door at {client.base_url} could not be reached for {batch.agency} "
                f"({type(error).__name__}); see that it runs, then send again."
            )
            raise SendError(message) from None
        if answer.status_code in _TAKEN:
            return _receipt.decode(answer.content)
        if answer.status_code not in _AGAIN or attempt == ATTEMPTS:
            break
        report.retries += 1
        time.sleep(_wait(answer.headers.get("retry-after", "")))
    message = (
        f"The door answered {answer.status_code} to {batch.agency}; what it said: {_detail(answer)}"
    )
    raise SendError(message)


def _wait(header: str) -> float:
    """Seconds to wait before the next try; the header is whole seconds or absent."""
    return min(float(header), _LONGEST_WAIT_S) if header.isdecimal() else 1.0


def _detail(answer: httpx.Response) -> str:
    """The sentence of a problem answer (RFC 9457), which never repeats what was sent."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "nothing that can be read; see the door's log."
