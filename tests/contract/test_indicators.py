"""What every indicator must state; indicators are found, so a new one is tested by being there."""

from __future__ import annotations

import importlib
import re
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from models.event import DATA_TYPES
from models.meters import Meters
from models.metrics import Metric
from models.settings import PrivacySettings
from models.value import RHYTHMS
from streams import detectors, indicators
from streams.catalogue import allowed, catalogue
from streams.indicator import Indicator, K, Pillar
from streams.kinds import ACTS, KINDS

CATALOGUE = list(catalogue().values())
EACH = pytest.mark.parametrize("one", CATALOGUE, ids=lambda one: one.id)
TARGETS = pytest.mark.parametrize(
    "one", [one for one in CATALOGUE if one.direction != "context"], ids=lambda one: one.id
)
DETECTORS = list(Path(detectors.__path__[0]).glob("[!_]*.py"))
UNITS = {"share", "% change", "cases", "a week", "hours", "days"}
DIMENSIONS = ("unit", "service", "stratum")


def test_every_file_is_in_the_catalogue() -> None:
    """What stands in the folder is in the catalogue, under the name of its file."""
    files = {path.stem for path in Path(indicators.__path__[0]).glob("[!_]*.py")}
    assert set(catalogue()) == files
    assert all(name == one.id for name, one in catalogue().items())


def test_titles_are_told_apart() -> None:
    """Alerts and panels are named by title, so that no two may share one."""
    titles = [one.title.casefold() for one in CATALOGUE]
    assert len(titles) == len(set(titles))


@EACH
def test_the_class_is_named_after_its_file(one: Indicator) -> None:
    """``exploit_speed.py`` has ``ExploitSpeed``, and says so in its first line."""
    assert type(one).__name__ == "".join(word.capitalize() for word in one.id.split("_"))
    module = importlib.import_module(type(one).__module__)
    assert module.__doc__ == f"{one.title}."


@EACH
def test_it_says_what_it_means(one: Indicator) -> None:
    """Meaning, formula, source and pitfalls are there, each in the form that readers meet."""
    assert re.fullmatch(r"[A-Z][^.\n]{20,118}\.", one.summary), one.summary
    for text in (one.formula, one.source):
        assert 4 < len(text) < 200, text
        assert text == text.strip().rstrip(".")
    assert re.fullmatch(r"[A-Z'].{20,200}\.", one.pitfalls), one.pitfalls
    assert re.fullmatch(r"[A-Z][A-Za-z -]{3,40}", one.title), one.title


@EACH
def test_its_summary_can_be_the_help_of_a_gauge(one: Indicator) -> None:
    """Prometheus shows it as it is: one line, nothing that has to be escaped."""
    meters = Meters([Metric("headwind_indicator", "gauge", (), one.summary)])
    assert f"# HELP headwind_indicator {one.summary}\n" in meters.text()


@EACH
def test_its_facts_are_legal(one: Indicator) -> None:
    """Unit, direction, pillar, window, step, n, detector and version are of those that exist."""
    assert one.unit in UNITS
    assert one.direction in ("up", "down", "context")
    assert one.pillar in get_args(Pillar)
    assert one.step in RHYTHMS
    assert one.window >= 1
    assert one.min_n >= 0
    assert one.version >= 1
    assert one.privacy in K
    assert one.detectors
    assert set(one.detectors) <= {path.stem for path in DETECTORS}
    assert one.detect in ("", "count", "share", "level", "rare", "pace")
    assert (one.detect == "share") <= (one.unit == "share")
    assert all(re.fullmatch(r"[a-z][a-z_]*", word) for word in one.excluded)
    assert len(set(one.excluded)) == len(one.excluded)


@EACH
def test_its_goalposts_are_in_order(one: Indicator) -> None:
    """What has a direction has goalposts, the lower one first; a share's lie from 0 to 1."""
    assert (one.goalposts is None) == (one.direction == "context")
    if one.goalposts is not None:
        low, high = one.goalposts
        assert 0 <= low < high
        assert one.unit != "share" or high <= 1


@EACH
def test_its_cells_are_told_in_words(one: Indicator) -> None:
    """The total comes first, finer cells name dimensions in order, and a stratum has a name."""
    assert one.grains[0] == ()
    assert len(set(one.grains)) == len(one.grains)
    for grain in one.grains:
        places = [DIMENSIONS.index(name) for name in grain]
        assert all(a < b for a, b in pairwise(places))
    assert bool(one.strata) == any("stratum" in grain for grain in one.grains)


@TARGETS
def test_what_may_be_aimed_at_has_a_guard(one: Indicator) -> None:
    """Whoever pushes it, speeds above all, is shown beside what may suffer; that exists."""
    assert one.guards
    assert set(one.guards) <= set(catalogue()) - {one.id}


@EACH
def test_the_workforce_needs_papers(one: Indicator) -> None:
    """Without both papers an indicator of the workforce does not start; with them all do."""
    half = PrivacySettings(dpia_ref="DPIA-7")
    assert (one.id in allowed(half)) == (one.privacy != "workforce")
    assert one.id in allowed(PrivacySettings(dpia_ref="DPIA-7", social_dialogue_ref="CBA-3"))


@EACH
def test_it_reads_what_exists(one: Indicator) -> None:
    """Kinds of item exist, and some type of event that exists changes each of them."""
    assert one.reads
    assert set(one.reads) <= set(KINDS)
    for kind in one.reads:
        types = [name for name, acts in ACTS.items() if any(act.kind == kind for act in acts)]
        assert types
        assert set(types) <= set(DATA_TYPES)
