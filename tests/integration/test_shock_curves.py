"""Curves of case files in the stores that loads of real records leave, and drawn to a file."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.records import Records

CURVES = """
SELECT shock.id, shock.onset, shock.recovered, shock.depth, shock.updated,
       quality.start, quality."end", quality.q
FROM shock LEFT JOIN quality ON quality.shock = shock.id
WHERE shock.latest ORDER BY shock.id, quality.start
"""


@pytest.mark.parametrize("name", ["vancouver", "mobility"])
def test_every_case_has_its_curve(request: pytest.FixtureRequest, name: str) -> None:
    """It begins at the onset, its depth is that of the case, and no other curve is there."""
    records: Records = request.getfixturevalue(name)
    with closing(sqlite3.connect(records.store)) as connection:
        rows = connection.execute(CURVES).fetchall()
        points = connection.execute("SELECT COUNT(*) FROM quality").fetchone()[0]
    assert points == len(rows) > 0
    for shock in {row[0] for row in rows}:
        mine = [row for row in rows if row[0] == shock]
        _, onset, recovered, depth, updated, first, _, _ = mine[0]
        assert first == onset
        assert max(row[6] for row in mine) >= updated
        until = recovered if recovered is not None else mine[-1][5]
        worst = min(q for *_, start, _, q in mine if start <= until and start <= updated)
        assert depth == pytest.approx(max(1 - worst, 0.0), abs=1e-12), shock


def _told(records: Records) -> list[dict[str, Any]]:
    done = records.run("shocks", "--format", "json")
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def test_appointments_fall_and_the_service_holds(gp: Records) -> None:
    """Beside the fall of spring 2020 people were served in time more than before: no failure."""
    back = [one for one in _told(gp) if one["recovered"] and one["onset"] < "2020-04-02"]
    assert len(back) >= 16
    for shock in back:
        said = shock["evidence"]["two_curves"].replace("\u00a0", " ")
        assert re.match(r"Demand fell by [234]\d %, service held ", said), said
        assert said.endswith("no failure of the service.")


def test_workplaces_of_a_country_empty_together(mobility: Records) -> None:
    """Both times one shock of the whole, of most of its units; deepest on the days of Christmas."""
    wholes = [one for one in _told(mobility) if one["kind"] == "organisation"]
    found = {one["onset"][:7]: one for one in wholes}
    for month in ("2020-03", "2020-12"):
        assert len(found[month]["evidence"]["members"]) >= 10
        assert 0.4 < found[month]["depth"] < 0.85
        assert len(found[month]["evidence"]["slowest"]) >= 10


def test_a_curve_is_drawn_to_a_file(vancouver: Records, tmp_path: Path) -> None:
    """``headwind shocks plot`` writes a picture of any of its kinds, or says what is wrong."""
    name = vancouver.run("shocks").stdout.split()[0]
    assert len(name) == 8
    for form, begins in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        out = tmp_path / f"curve.{form}"
        done = vancouver.run("shocks", "plot", name, "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert out.read_bytes().startswith(begins)
    drawn = (tmp_path / "curve.svg").read_text(encoding="utf-8")
    assert "1 as expected" in drawn
    assert "Days since the onset" in drawn
    for wrong, said in (
        (("plot", name, "--out", str(tmp_path / "curve.gif")), ".svg, .png or .pdf"),
        (("plot", "no-such-id", "--out", str(tmp_path / "curve.svg")), "names no shock"),
    ):
        done = vancouver.run("shocks", *wrong)
        assert done.returncode == 2
        assert said in done.stderr
    done = vancouver.run("shocks", "plot", name, "--out", str(tmp_path / "none" / "curve.svg"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
