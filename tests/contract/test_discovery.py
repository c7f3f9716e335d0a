"""Finding by being there: a file that stands wrong in a catalogue is named, with what is wrong."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dashboards.boards
import models.event
import models.events
from dashboards.board import StrayBoardError, boards
from models.catalogue import CatalogueError
from streams import detectors, indicators
from streams.catalogue import catalogue, table
from streams.detector import Detector

GOOD = Path(indicators.__path__[0], "completion.py").read_text(encoding="utf-8")
OTHER = '\n\nclass {}(Completion):\n    """Another."""\n'
REMOTE = Path(models.events.__path__[0], "remote.py").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files stand in the catalogue of indicators, among events and boards."""
    known = set(sys.modules)
    for package in (indicators, models.events, dashboards.boards):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    catalogue.cache_clear()
    boards.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    catalogue.cache_clear()
    boards.cache_clear()
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def plant(folder: Path, name: str, text: str) -> None:
    """A file, seen by the import system at once."""
    (folder / name).write_text(text, encoding="utf-8")
    importlib.invalidate_caches()


def named(text: str, name: str) -> str:
    """An indicator's file under another name."""
    return text.replace("class Completion", f"class {name}").replace("Completion.", f"{name}.")


def test_a_new_file_is_a_new_indicator(folder: Path) -> None:
    """It is in the catalogue and in its table by being there; machinery is passed over."""
    plant(folder, "wellbeing.py", named(GOOD, "Wellbeing"))
    plant(folder, "_machinery.py", "raise RuntimeError")
    assert "wellbeing" in catalogue()
    assert catalogue()["wellbeing"].id == "wellbeing"
    assert "| `wellbeing` (Service) |" in table()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "wellbeing.py",
            named(GOOD, "Wellbeing") + OTHER.replace("Completion", "Wellbeing").format("Second"),
            "exactly one Indicator; found: Second, Wellbeing",
        ),
        ("stray.py", '"""Nothing of that kind."""\n', "exactly one Indicator; found: none"),
        ("borrowed.py", "from streams.indicators.completion import Completion\n", "found: none"),
        ("wellbeing.py", GOOD, "defines Completion; name the file or the class after the other"),
        ("broken.py", "import nothing_of_this_name\n", "cannot be imported: No module named"),
        ("unfinished.py", "def half(:\n", "cannot be imported: "),
        ("comple_tion.py", GOOD, "both define Completion; keep one of them"),
    ],
)
def test_a_file_that_stands_wrong_is_named(folder: Path, name: str, text: str, words: str) -> None:
    """A second class, none, a borrowed one, another name, an error, a name taken: each is told."""
    plant(folder, name, text)
    with pytest.raises(CatalogueError) as caught:
        catalogue()
    assert name in str(caught.value)
    assert words in str(caught.value)


def test_a_folder_in_a_catalogue_is_named(folder: Path) -> None:
    """Every indicator stands in one file of its own."""
    (folder / "speeds").mkdir()
    plant(folder, "speeds/__init__.py", "")
    with pytest.raises(CatalogueError, match=r"speeds/ is a folder; every Indicator stands in one"):
        catalogue()


@pytest.mark.parametrize(
    "name", [path.stem for path in Path(detectors.__path__[0]).glob("[!_]*.py")]
)
def test_a_detector_says_how_often_it_is_wrong(name: str) -> None:
    """Each file of the folder has its detector, with its meaning and its rate of false alarms."""
    module = importlib.import_module(f"streams.detectors.{name}")
    (kind,) = [one for one in vars(module).values() if _is_detector_of(module.__name__, one)]
    assert kind.__name__.casefold() == name.replace("_", "")
    assert 0 < kind.false_alarm_rate < 0.05
    assert kind.__doc__


def _is_detector_of(module: str, one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Detector) and one.__module__ == module


def test_a_type_of_event_that_is_taken_is_named(folder: Path) -> None:
    """Two files that define one type are both named, and the type too."""
    plant(folder, "again.py", REMOTE)
    with pytest.raises(TypeError) as caught:
        models.event._discover()
    for word in ("models.events.again", "models.events.remote", "headwind.remote."):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"""No board."""\n', "must define BOARD = Board(...)"),
        ("from dashboards.boards.overview import BOARD\n", "must be unique and match"),
    ],
)
def test_a_board_that_stands_wrong_is_named(folder: Path, text: str, words: str) -> None:
    """A file without a board, or with one that is there already, is told with its name."""
    plant(folder, "stray.py", text)
    with pytest.raises(StrayBoardError) as caught:
        boards()
    assert "dashboards.boards.stray" in str(caught.value)
    assert words in str(caught.value)


def test_an_indicator_without_its_mathematics_is_named(folder: Path) -> None:
    """A class that leaves out what every indicator must say cannot be used, and is told so."""
    plant(folder, "wellbeing.py", named(GOOD, "Wellbeing").replace("def read", "def unread"))
    with pytest.raises((CatalogueError, TypeError), match=r"[Ww]ellbeing"):
        catalogue()


def test_what_is_planted_is_gone_again() -> None:
    """These tests leave the catalogue as they found it."""
    assert set(catalogue()) == {path.stem for path in Path(indicators.__path__[0]).glob("[!_]*.py")}
