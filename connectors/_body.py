"""The body of a request, whole and unpacked, and never larger than is allowed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from models.envelope import EnvelopeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


async def read_body(
    chunks: AsyncIterator[bytes], headers: Mapping[str, str], *, max_body: int
) -> bytes:
    """The whole body, unpacked; at most ``max_body`` bytes before and after unpacking."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise EnvelopeError(415, "Content-Encoding must be gzip, or absent.")
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > max_body:
        raise _too_large(max_body)
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_body:
            raise _too_large(max_body)
        parts.append(chunk)
    body = b"".join(parts)
    return gunzip(body, max_body) if encoding == "gzip" else body


def gunzip(packed: bytes, max_body: int) -> bytes:
    """Unpack gzip without ever holding more than ``max_body`` bytes of what comes out."""
    parts: list[bytes] = []
    room = max_body
    rest = packed
    while rest:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            part = member.decompress(rest, room + 1)
        except zlib.error:
            sentence = "Content-Encoding says gzip, but the body is not gzip, or is damaged."
            raise EnvelopeError(400, sentence) from None
        room -= len(part)
        if room < 0:
            raise _too_large(max_body)
        if not member.eof:
            raise EnvelopeError(400, "The gzip body ends too early; send it again, whole.")
        parts.append(part)
        rest = member.unused_data
    return b"".join(parts)


def _too_large(max_body: int) -> EnvelopeError:
    sentence = f"The body is larger than {max_body} bytes; send the events in smaller batches."
    return EnvelopeError(413, sentence)
