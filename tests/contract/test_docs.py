"""The README is true: every command, indicator and alert stands where it says."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

from deploy import commands
from streams.catalogue import catalogue, into
from streams.notify.ours import drill, watchdog
from streams.notify.payload import OF_ITS_OWN, made
from streams.worker.lanes import LogLostError

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "deploy" / "runbook"
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_catalogue_table_is_up_to_date() -> None:
    """The table between the markers is what the indicator files say."""
    assert into(README) == README, "run: python -m streams.catalogue README.md"


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(commands.__path__)]
)
def test_every_command_is_in_the_readme(name: str) -> None:
    """A command that nobody can find is not there."""
    assert f"headwind {name.replace('_', '-')}" in README or f"`{name}`" in README


def test_links_of_the_readme_resolve() -> None:
    """Files that the README points to exist."""
    for target in README.split("](")[1:]:
        path = target.split(")", 1)[0]
        assert path.startswith("http") or (ROOT / path).exists(), path


def alertnames() -> set[str]:
    """Every name under which anybody is told something, and those that the routing knows."""
    routing = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    routed = re.findall(r'alertname=~?"([A-Za-z|]+)"', routing)
    ours = (watchdog("", 0), drill("", 0))
    return {
        *OF_ITS_OWN,
        LogLostError.__name__.removesuffix("Error"),
        *(one["labels"]["alertname"] for one in ours),
        *(name for names in routed for name in names.split("|")),
        *re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8")),
    }


@pytest.mark.parametrize("page", sorted(RUNBOOK.glob("*.md")), ids=lambda page: page.stem)
def test_a_runbook_page_is_whole(page: Path) -> None:
    """It says what it means, what to look at, what to do and when it is over."""
    text = page.read_text(encoding="utf-8")
    assert re.match(r"# [A-Z]\w+: \w", text)
    parts = ("What it means", "What to look at", "What to do", "When it is over")
    assert tuple(re.findall(r"^\*\*(.+?)\.?\*\*", text, re.MULTILINE)) == parts
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOK / target).exists(), target


def test_every_alert_has_its_page() -> None:
    """One page an alert, under its name, and no page for what does not exist."""
    named = {page.read_text(encoding="utf-8")[2:].split(":")[0] for page in RUNBOOK.glob("*.md")}
    assert named == alertnames()
    pages = {made({"alertname": name}, {}, 0, None)["annotations"]["runbook_url"] for name in named}
    assert pages == {str(page.relative_to(ROOT)) for page in RUNBOOK.glob("*.md")}


def test_catalogue_refuses_a_file_without_markers() -> None:
    """A table has to have a place."""
    with pytest.raises(ValueError, match="markers"):
        into("no table here")


def test_guards_exist() -> None:
    """A guard is an indicator of the catalogue."""
    for one in catalogue().values():
        assert set(one.guards) <= set(catalogue()), one.id
