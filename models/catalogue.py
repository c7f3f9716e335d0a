"""Finding what a folder defines: one public class a file, named after the file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


class CatalogueError(Exception):
    """A file of a catalogue does not define exactly one thing; the message names the file."""


def discover(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The one subclass of ``base`` that each file of ``package`` defines, by file name.

    Raises :class:`CatalogueError` where a file defines none or several.
    """
    found: dict[str, type[T]] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        mine = [
            one
            for one in vars(loaded).values()
            if isinstance(one, type) and issubclass(one, base) and one.__module__ == loaded.__name__
        ]
        if len(mine) != 1:
            names = ", ".join(sorted(one.__name__ for one in mine)) or "none"
            message = f"{loaded.__file__} must define exactly one {base.__name__}; found: {names}"
            raise CatalogueError(message)
        found[module.name] = mine[0]
    return found
