"""The house as it must stand: names, sizes, and what may not be in it."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("models", "streams", "connectors", "dashboards", "deploy")
LONGEST = 400
FORBIDDEN = {"utils.py", "helpers.py", "common.py", "manager.py", "base.py"}


def tracked(*patterns: str) -> list[Path]:
    """The files that git tracks, and new ones that it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("name", PACKAGES)
def test_import_names_are_ours(name: str) -> None:
    """No other distribution has put a package of our names before ours."""
    found = importlib.import_module(name)
    assert found.__file__ == str(ROOT / name / "__init__.py")


def test_no_file_is_too_long() -> None:
    """A file over 400 lines is a design question."""
    long = [path.name for path in tracked("*.py") if len(path.read_text().splitlines()) > LONGEST]
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    """A file is named after the thing in it."""
    assert not [path.name for path in tracked("*.py") if path.name in FORBIDDEN]


def test_no_registry_address_and_no_machine_path() -> None:
    """Nothing in the checkout says where packages come from or where it once stood."""
    # Written so that they do not find themselves: this file is looked at like any other.
    address = re.compile(r"([-]-(extra-)?index[-]url|[-]-find[-]links|simple[/][^ ]*\.whl)")
    place = re.compile(r"[/]work[/][a-z]|[/]tmp[/]bash_jobs|[/]opt[/]wheels")
    for path in tracked():
        if path.suffix in (".png", ".gz") or path.name == "Makefile":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not address.search(text), path
        assert not place.search(text), path


def test_no_lock_file_with_addresses() -> None:
    """Hashes stand in requirements files, which name no address."""
    assert not (ROOT / "uv.lock").exists()
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "--hash=sha256:" in (ROOT / name).read_text()
