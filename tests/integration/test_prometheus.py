"""The rules that ship for Prometheus, checked and tried by its own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from models.metrics import METRICS
from tests.conftest import ROOT
from tests.integration.alertmanager import program

SHIPPED = ROOT / "deploy" / "prometheus"
RULES = SHIPPED / "rules.yml"
CASES = sorted((SHIPPED / "tests").glob("*.yml"))
ALERTS = re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))
SUFFIXES = re.compile("_(bucket|count|sum)$")


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Prometheus's tool for rules and settings."""
    command = [program("promtool"), *words]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def tried(folder: Path, rules: str) -> list[str]:
    """The test files that find something wrong with these rules."""
    (folder / "tests").mkdir()
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    for case in CASES:
        shutil.copy(case, folder / "tests")
    files = sorted((folder / "tests").iterdir())
    return [file.name for file in files if promtool("test", "rules", file).returncode]


def test_the_shipped_settings_are_right() -> None:
    """With the rules that they name."""
    done = promtool("check", "config", SHIPPED / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_rule_tells_when_it_must(case: Path) -> None:
    """It fires where its case says so, with its sentence, and only there."""
    done = promtool("test", "rules", case)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_each_rule_is_missed_where_it_is_absent_or_blind(name: str, tmp_path: Path) -> None:
    """The case named after it notices a rule that never fires, and one that always does."""
    case = "-".join(re.findall("[A-Z][a-z]+", name)).lower()
    whole = RULES.read_text(encoding="utf-8")
    own = re.search(rf"alert: {name}\n +expr: .*?\n( +for|        labels)", whole, re.DOTALL)
    assert own
    for number, blind in enumerate(("vector(1) > 2", "vector(1)")):
        folder = tmp_path / str(number)
        folder.mkdir()
        changed = f"alert: {name}\n        expr: {blind}\n{own[1]}"
        assert tried(folder, whole.replace(own[0], changed)) == [f"{case}.yml"]


def test_every_series_is_ours() -> None:
    """A rule about a series that is on no server would never fire; a label too has to be its own."""
    listed: dict[str, set[str]] = {
        metric.name: {*metric.labels, "job", "instance"} for metric in METRICS
    }
    text = "\n".join(file.read_text(encoding="utf-8") for file in (RULES, *CASES))
    used = re.findall(r"\b(headwind_\w+)(?:\{([^}]*)\})?", text)
    assert len({name for name, _ in used}) >= 6
    for name, labels in used:
        held = set(re.findall(r"(\w+)\s*=", labels))
        assert held <= listed[SUFFIXES.sub("", name)], name


def test_every_alert_has_its_page() -> None:
    """The runbook says what it means and what to do."""
    pages = re.findall(r"runbook_url: (\S+)", RULES.read_text(encoding="utf-8"))
    assert len(pages) == len(ALERTS)
    for name, page in zip(ALERTS, pages, strict=True):
        assert (ROOT / page).read_text(encoding="utf-8").startswith(f"# {name}: "), page
