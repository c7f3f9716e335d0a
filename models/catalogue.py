"""Finding what a folder defines: one public class a file, named after the file.

There is no list to keep: a file that stands in the folder is in the catalogue, and a file that
defines nothing, two things, or a thing of another name is refused by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


class CatalogueError(Exception):
    """A file of a catalogue does not define exactly one thing; the message names the file."""


def discover(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The one public subclass of ``base`` that each file of ``package`` defines, by file name.

    Files whose names begin with an underscore are machinery and are passed over. Raises
    :class:`CatalogueError` where a file cannot be imported, or defines no subclass, several, or
    one whose name is not the file's (``exploit_speed.py`` must define ``ExploitSpeed``), where
    two files define the same name, and for a folder inside the package.
    """
    found: dict[str, type[T]] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        if module.name.startswith("_"):
            continue
        where = f"{package.__path__[0]}/{module.name}"
        if module.ispkg:
            message = f"{where}/ is a folder; every {base.__name__} stands in one file of its own"
            raise CatalogueError(message)
        mine = _defined(f"{package.__name__}.{module.name}", base, f"{where}.py")
        for other, known in found.items():
            if known.__name__.casefold() == mine.__name__.casefold():
                message = f"{where}.py and {other}.py both define {mine.__name__}; keep one of them"
                raise CatalogueError(message)
        found[module.name] = mine
    return found


def _defined(name: str, base: type[T], where: str) -> type[T]:
    try:
        loaded = importlib.import_module(name)
    except Exception as error:
        message = f"{where} cannot be imported: {error}"
        raise CatalogueError(message) from error
    mine = [
        one
        for one in vars(loaded).values()
        if isinstance(one, type)
        and issubclass(one, base)
        and one.__module__ == loaded.__name__
        and not one.__name__.startswith("_")
    ]
    if len(mine) != 1:
        names = ", ".join(sorted(one.__name__ for one in mine)) or "none"
        message = f"{where} must define exactly one {base.__name__}; found: {names}"
        raise CatalogueError(message)
    wanted = name.rpartition(".")[2].replace("_", "")
    if mine[0].__name__.casefold() != wanted.casefold():
        message = f"{where} defines {mine[0].__name__}; name the file or the class after the other"
        raise CatalogueError(message)
    return mine[0]
