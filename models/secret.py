"""Secrets: read from a file or the environment when needed, never from the settings file.

A secret that is named but cannot be read is an error, said at once: nothing goes on without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class SecretError(Exception):
    """A secret is named but cannot be had; the message says where and what to do, not the value."""


def secret_file(path: Path, where: str) -> str:
    """What a secret's file holds, without the line end.

    ``where`` is what named the file, for the message. Raises :class:`SecretError` where the
    file is absent, unreadable, empty, or more than one line.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"{where}: {path} cannot be read ({error.strerror}); put the secret there"
        raise SecretError(message) from None
    except UnicodeDecodeError:
        message = f"{where}: {path} is not text in UTF-8; put the secret there, on one line"
        raise SecretError(message) from None
    if not text or "\n" in text:
        found = "holds more than one line" if text else "is empty"
        message = f"{where}: {path} {found}; put the secret there, on one line"
        raise SecretError(message)
    return text


def secret(name: str, environ: Mapping[str, str]) -> str | None:
    """The value of the variable ``name``, or what the file named by ``name_FILE`` holds.

    None where neither is set. Raises :class:`SecretError` where both are, where the variable is
    set but empty, or where the file cannot give it.
    """
    said, file = environ.get(name), environ.get(f"{name}_FILE")
    if said is not None and file is not None:
        message = f"{name} and {name}_FILE are both set; unset one of them"
        raise SecretError(message)
    if file is not None:
        return secret_file(Path(file), f"{name}_FILE")
    if said is not None and not said.strip():
        message = f"{name} is set but empty; give it a value or unset it"
        raise SecretError(message)
    return said
