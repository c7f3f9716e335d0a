"""From a body to lines: one JSON object each, whichever way the events were packed.

The four ways of the CloudEvents HTTP binding and its relatives, which its Kafka binding shares:
structured, batch, binary and NDJSON. Nothing here looks into an event; that is the check's work.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
BINARY = "application/json"

MAX_EVENTS = 10_000
"""Most events in one request: bounds the work, and the length of the answer, of one request."""

_ATTRIBUTE_PREFIX = "ce-"
_BOM = b"\xef\xbb\xbf"
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_anything = msgspec.json.Decoder(msgspec.Raw)


class EnvelopeError(Exception):
    """The body cannot be taken apart into events; carries the HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        """``sentence`` never repeats anything of the body."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def split(body: bytes, headers: Mapping[str, str]) -> list[bytes]:
    """The events of a body, one JSON object a line without a newline inside, in their order.

    A line of NDJSON that is no JSON stays as it is: the check refuses it alone. Raises
    ``EnvelopeError`` with 400, 413 or 415 when the body as a whole cannot be taken.
    """
    kind = _kind(headers)
    body = body.removeprefix(_BOM)
    if kind == BINARY:
        return [_from_headers(body, headers)]
    if not body.strip():
        raise EnvelopeError(400, "The body is empty; send at least one event.")
    if kind == NDJSON:
        return _split_ndjson(body)
    return _split_batch(body) if kind == BATCH else [_one_line(_json(body))]


def _kind(headers: Mapping[str, str]) -> str:
    media, _, parameters = headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if "charset=" in charset and "charset=utf-8" not in charset:
        raise EnvelopeError(415, "Send UTF-8: no other charset is understood.")
    if media in (STRUCTURED, BATCH, NDJSON):
        return media
    if media in ("", BINARY) and any(name.lower().startswith("ce-") for name in headers):
        return BINARY
    sentence = (
        f"Content-Type must be {STRUCTURED} (one event), {BATCH} (a JSON array of events), "
        f"{NDJSON} (one event a line), or {BINARY} with the event's attributes in ce-* headers."
    )
    raise EnvelopeError(415, sentence)


def _split_ndjson(body: bytes) -> list[bytes]:
    if body.count(b"\n") > MAX_EVENTS * 2:
        raise _too_many()
    lines = [line for line in map(bytes.strip, body.split(b"\n")) if line]
    if len(lines) > MAX_EVENTS:
        raise _too_many()
    return lines


def _split_batch(body: bytes) -> list[bytes]:
    try:
        elements = _elements.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        sentence = "The body is not a JSON array of events; check that it is whole and UTF-8."
        raise EnvelopeError(400, sentence) from None
    if not elements:
        raise EnvelopeError(400, "The batch is empty; send at least one event.")
    if len(elements) > MAX_EVENTS:
        raise _too_many()
    return [_one_line(bytes(element)) for element in elements]


def _from_headers(body: bytes, headers: Mapping[str, str]) -> bytes:
    event: dict[str, object] = {}
    for name, text in headers.items():
        if name.lower().startswith(_ATTRIBUTE_PREFIX):
            attribute = name[len(_ATTRIBUTE_PREFIX) :].lower()
            event[attribute] = _unescape(text)
    event.setdefault("datacontenttype", BINARY)
    if body.strip():
        event["data"] = msgspec.Raw(_json(body))
    return _one_line(msgspec.json.encode(event))


def _unescape(text: str) -> str:
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeError:
        sentence = "A ce-* header is not UTF-8; percent-encode what is not plain ASCII."
        raise EnvelopeError(400, sentence) from None


def _json(body: bytes) -> bytes:
    try:
        body.decode()
        return bytes(_anything.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        sentence = "The body is not JSON; check that it is whole and UTF-8."
        raise EnvelopeError(400, sentence) from None


def _one_line(text: bytes) -> bytes:
    if b"\n" in text:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            text = msgspec.json.format(text, indent=-1)
        # What is checked must be what is stored: no line may smuggle in a second one.
        text = text.replace(b"\n", b" ")
    return text


def _too_many() -> EnvelopeError:
    return EnvelopeError(413, f"More than {MAX_EVENTS} events; send them in smaller batches.")
