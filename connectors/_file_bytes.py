"""A file as bytes: how much of it there was at the start, unpacked as far as it goes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

import msgspec
import xxhash

from connectors._report import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 20
"""Bytes read at a time."""

_GZIP = 31
"""zlib's word for: expect a gzip header."""


class Extent(msgspec.Struct):
    """What was read of a file. ``size`` is its length in bytes when reading began.

    ``digest`` is of those bytes. ``grew`` and ``truncated`` are known when all is read:
    somebody went on writing; the gzip stream broke off or is damaged.
    """

    path: Path
    size: int
    digest: str
    packed: bool
    grew: bool = False
    truncated: bool = False

    @property
    def cut(self) -> bool:
        """Whether the last line may be half a line."""
        return self.grew or self.truncated


def measure(path: Path) -> Extent:
    """Look at a file: size and digest. Raises ``LoadError`` where it cannot be read or is empty."""
    digest = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for block in _upto(file, size):
                digest.update(block)
    except OSError as error:
        message = f"{path.name} cannot be read ({error.strerror}); check the name and its rights."
        raise LoadError(message) from None
    if not size:
        message = f"{path.name} is empty; export it again and load it then."
        raise LoadError(message)
    return Extent(path=path, size=size, digest=digest.hexdigest(), packed=_packed(path))


def blocks(extent: Extent) -> Iterator[bytes]:
    """The content, unpacked, block by block; sets ``grew`` and ``truncated`` at the end."""
    with extent.path.open("rb") as file:
        raw = _upto(file, extent.size)
        yield from _unpack(raw, extent) if extent.packed else raw
    extent.grew = extent.path.stat().st_size > extent.size


def content(extent: Extent) -> bytes:
    """The whole content, unpacked; without a last line that may be half a line."""
    body = b"".join(blocks(extent))
    if extent.cut and not body.endswith(b"\n"):
        body = body[: body.rfind(b"\n") + 1]
    return body


def _upto(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(BLOCK, size))):
        size -= len(block)
        yield block


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpack(raw: Iterator[bytes], extent: Extent) -> Iterator[bytes]:
    """Gzip members one after the other, as far as they can be read."""
    member = zlib.decompressobj(_GZIP)
    for block in raw:
        rest = block
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            try:
                unpacked = member.decompress(rest, BLOCK)
            except zlib.error:
                extent.truncated = True
                return
            if unpacked:
                yield unpacked
            rest = member.unused_data if member.eof else member.unconsumed_tail
            if not rest.strip(b"\0") and member.eof:
                break
    extent.truncated = not member.eof
