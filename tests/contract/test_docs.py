"""The README is true: every command, indicator and alert stands where it says."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

from deploy import commands
from streams.catalogue import catalogue, into

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.mark.parametrize("page", ["source-stale", "indicator-off"])
def test_every_alert_has_a_runbook_page(page: str) -> None:
    """It says what it means, what to look at, what to do and when it is over."""
    text = (ROOT / "deploy" / "runbook" / f"{page}.md").read_text(encoding="utf-8")
    for part in ("What it means", "What to look at", "What to do", "When it is over"):
        assert part in text


def test_catalogue_refuses_a_file_without_markers() -> None:
    """A table has to have a place."""
    with pytest.raises(ValueError, match="markers"):
        into("no table here")


def test_guards_exist() -> None:
    """A guard is an indicator of the catalogue."""
    for one in catalogue().values():
        assert set(one.guards) <= set(catalogue()), one.id
