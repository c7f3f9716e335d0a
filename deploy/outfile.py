"""Where a command writes much: a file, compressed if its name says so, or the standard output."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import typer
import zstandard

STDOUT: Final = "-"
"""What the standard output is named by."""

Write = Callable[[bytes], object]


class WriteError(Exception):
    """A file cannot be written; the message is a sentence for a person."""


@contextmanager
def writing(name: str) -> Iterator[Write]:
    """Write bytes by calling what this gives.

    A name that ends in .gz or .zst is written compressed. The file is there once all of it is;
    until then it is called .part, and nothing is left of it where something fails. Raises
    WriteError, and typer.Exit where nobody reads the standard output any more.
    """
    try:
        if name == STDOUT:
            yield sys.stdout.buffer.write
            sys.stdout.buffer.flush()
        else:
            with _file(Path(name)) as write:
                yield write
    except BrokenPipeError:
        # Whoever read has seen enough; Python must not try to say the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        message = f"{name} cannot be written ({error.strerror or error}); name another file."
        raise WriteError(message) from None


@contextmanager
def _file(path: Path) -> Iterator[Write]:
    if path.exists() and not path.is_file():
        # A pipe or a device is written to as it is; nothing may take its place.
        with path.open("wb") as out:
            yield out.write
        return
    # What a link points to is replaced, not the link.
    whole = path.resolve()
    part = whole.with_name(f"{whole.name}.part")
    try:
        with _opened(part, path.suffix) as out:
            yield out.write
        part.replace(whole)
    finally:
        part.unlink(missing_ok=True)


def _opened(part: Path, suffix: str) -> Any:
    if suffix == ".gz":
        return gzip.open(part, "wb")
    if suffix == ".zst":
        return zstandard.open(part, "wb")
    return part.open("wb")
