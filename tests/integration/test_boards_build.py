"""``headwind boards build`` and ``check``."""

from __future__ import annotations

from pathlib import Path

from tests.contract.test_grafana_boards import JSON
from tests.integration.records import headwind


def test_the_committed_boards_are_fresh() -> None:
    """What stands in the checkout is what the definitions give."""
    done = headwind("boards", "check")
    assert done.returncode == 0, done.stdout
    assert "are what their definitions give" in done.stdout


def test_built_anew_they_are_the_same(tmp_path: Path) -> None:
    """Into an empty folder, twice; the second time nothing is left to write."""
    first = headwind("boards", "build", "--out", str(tmp_path / "boards"))
    assert first.returncode == 0
    assert "9 boards" in first.stdout
    assert "9 written, 0 removed" in " ".join(first.stdout.split())
    again = headwind("boards", "build", "--out", str(tmp_path / "boards"))
    assert "0 written, 0 removed" in " ".join(again.stdout.split())
    for path in JSON.glob("*.json"):
        assert (tmp_path / "boards" / path.name).read_bytes() == path.read_bytes()


def test_what_differs_is_named(tmp_path: Path) -> None:
    """One that was changed by hand, one that is missing, one that nobody defined; built, all is well."""
    assert headwind("boards", "build", "--out", str(tmp_path)).returncode == 0
    (tmp_path / "headwind-agency.json").write_text("{}", encoding="utf-8")
    (tmp_path / "headwind-shocks.json").unlink()
    (tmp_path / "headwind-other.json").write_text("{}", encoding="utf-8")
    done = headwind("boards", "check", "--boards", str(tmp_path))
    assert done.returncode == 1
    said = done.stdout.splitlines()
    assert said == [
        "headwind-agency.json  differs from its definition",
        "headwind-other.json  has no definition",
        "headwind-shocks.json  is missing",
    ]
    assert "headwind boards build" in done.stderr
    assert headwind("boards", "build", "--out", str(tmp_path)).returncode == 0
    assert headwind("boards", "check", "--boards", str(tmp_path)).returncode == 0
