"""What many tests need: the real records, a browser, and what to do where they are missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]


def missing(what: str) -> NoReturn:
    """A test cannot run here: skipped with the reason, but a failure where CI=true."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what} (with CI=true this is a failure)")
    pytest.skip(what)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real records: HEADWIND_TEST_DATA, or shared/data beside the checkout."""
    named = os.environ.get("HEADWIND_TEST_DATA", "")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        missing(f"no real records at {folder}; HEADWIND_TEST_DATA names another folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    missing("no Chromium here; on Debian: apt-get install chromium")
