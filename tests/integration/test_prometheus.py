"""The rules that ship for Prometheus, checked and tried by its own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from models.metrics import METRICS
from tests.conftest import ROOT
from tests.integration.alertmanager import SHIPPED as ROUTES
from tests.integration.alertmanager import program

SHIPPED = ROOT / "deploy" / "prometheus"
RULES = SHIPPED / "rules.yml"
RECORDING = SHIPPED / "recording.yml"
CASES = sorted((SHIPPED / "tests").glob("*.yml"))
ALERTS = re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))
RECORDED = re.findall(r"record: (\S+)", RECORDING.read_text(encoding="utf-8"))
NEVER = "vector(1) > 2"
ALWAYS = "vector(1)"
SUFFIXES = re.compile("_(bucket|count|sum)$")


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Prometheus's tool for rules and settings."""
    command = [program("promtool"), *words]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def tried(folder: Path, changed: Path, rules: str, only: str = "*") -> list[str]:
    """The cases that find something wrong with these rules, which take the ``changed`` file's place."""
    (folder / "tests").mkdir()
    (folder / changed.name).write_text(rules, encoding="utf-8")
    for case in (SHIPPED / "tests").glob(f"{only}.yml"):
        if f"../{changed.name}]" in case.read_text(encoding="utf-8"):
            shutil.copy(case, folder / "tests")
    files = sorted((folder / "tests").iterdir())
    return [file.name for file in files if promtool("test", "rules", file).returncode]


@pytest.mark.parametrize("name", ["prometheus.yml", "container.yml"])
def test_the_shipped_settings_are_right(name: str) -> None:
    """With the rules that they name."""
    done = promtool("check", "config", SHIPPED / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout
    assert f"{len(RECORDED)} rules found" in done.stdout


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
    own = re.search(rf"alert: {name}\n +expr: (.*?)\n( +for|        labels)", whole, re.DOTALL)
    assert own
    for number, blind in enumerate((NEVER, ALWAYS)):
        if own[1] == blind:
            # The watchdog is what always fires.
            assert name == "Watchdog"
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        changed = f"alert: {name}\n        expr: {blind}\n{own[2]}"
        assert tried(folder, RULES, whole.replace(own[0], changed)) == [f"{case}.yml"]


def test_each_recording_is_asked_for() -> None:
    """With its labels and a value, in a case; renamed, it would not be there."""
    held = {case.name: case.read_text(encoding="utf-8") for case in CASES}
    whole = held["recording-means.yml"] + held["recording-states.yml"]
    for name in RECORDED:
        assert re.search(rf"expr: \S*{name}\b(?!:).*\n +eval_time: .*\n +exp_samples:", whole), name


MEANS = "recording-means"
STATES = "recording-states"


@pytest.mark.parametrize(
    ("case", "old", "new"),
    [
        (MEANS, "max by (agency, indicator, service) (headwind_indicator)", "headwind_indicator"),
        (MEANS, "[30d:1h])\n          and", "[90d:1h])\n          and"),
        (MEANS, "[90d:1h])\n          and", "[30d:1h])\n          and"),
        (MEANS, ">= 360", ">= 350"),
        (MEANS, ">= 1080", ">= 1000"),
        (STATES, "max by (agency) (headwind_agency_state)\n", "headwind_agency_state\n"),
        (STATES, "> bool 2", "> bool 1"),
        (STATES, "agency_strained[1d])", "agency_strained[10d])"),
        (STATES, "[1d:1h]) >= 12", "[1d:1h]) >= 1"),
    ],
)
def test_a_recording_that_says_something_else_is_noticed(
    case: str, old: str, new: str, tmp_path: Path
) -> None:
    """Another window, another bound, a series for each instance."""
    whole = RECORDING.read_text(encoding="utf-8")
    assert whole.count(old) == 1
    assert tried(tmp_path, RECORDING, whole.replace(old, new), only=case) == [f"{case}.yml"]


def test_every_series_is_ours() -> None:
    """A rule about a series that is on no server would never fire; a label too has to be its own."""
    listed: dict[str, set[str]] = {
        metric.name: {*metric.labels, "job", "instance"} for metric in METRICS
    }
    files = (RULES, RECORDING, *CASES)
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    used = re.findall(r"\b(headwind_\w+)(?:\{([^}]*)\})?", text)
    assert len({name for name, _ in used}) >= 8
    for name, labels in used:
        held = set(re.findall(r"(\w+)\s*=", labels))
        assert held <= listed[SUFFIXES.sub("", name)], name
    assert set(re.findall(r"\bheadwind:[\w:]*\w", text)) == set(RECORDED)


def test_every_alert_has_its_page() -> None:
    """The runbook says what it means and what to do."""
    pages = re.findall(r"runbook_url: (\S+)", RULES.read_text(encoding="utf-8"))
    assert len(pages) == len(ALERTS)
    for name, page in zip(ALERTS, pages, strict=True):
        assert (ROOT / page).read_text(encoding="utf-8").startswith(f"# {name}: "), page


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("watches=prometheus",), "heartbeat-prometheus"),
        (("organisation=Coast",), "heartbeat"),
    ],
)
def test_each_watchdog_is_missed_by_itself(labels: tuple[str, ...], receiver: str) -> None:
    """Ours and Prometheus's have one name: heard as one, either would hide the other's end."""
    command = [program("amtool"), "config", "routes", "test", f"--config.file={ROUTES}"]
    done = subprocess.run(
        [*command, "alertname=Watchdog", "severity=none", *labels],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split() == [receiver]
    text = RULES.read_text(encoding="utf-8")
    assert "labels: {severity: none, watches: prometheus}" in text
