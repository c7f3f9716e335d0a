"""``headwind values``: the newest of each series, tables with an end, and what groups are called."""

from __future__ import annotations

from pathlib import Path

from tests.integration.made_store import Made, on_terminal


def test_the_newest_of_each_series(made: Made) -> None:
    """--latest gives one value a series, its last, in every format."""
    parts = ("--service", "*", "--unit", "*")
    last = {}
    for row in made.json("values", *parts):
        last[row["agency"], row["indicator"], row["service"], row["unit"]] = row
    assert made.json("values", *parts, "--latest") == list(last.values())
    assert len(made.told("values", *parts, "--latest").splitlines()) == 1 + len(last)


def test_a_table_has_an_end(made: Made) -> None:
    """A terminal shows some of each series and says how to see the rest; a pipe gets all."""
    every = len(made.json("values"))
    some = made.run("values", "--limit", "12")
    assert len(some.stdout.splitlines()) == 1 + 12
    assert f"12 of {every} values are shown, of each series the newest" in some.stderr
    first = made.json("values", "--latest")[0]
    assert [first["agency"], first["indicator"]] == some.stdout.splitlines()[1].split()[:2]
    assert first["window_end"] in some.stdout.splitlines()[1]
    seen = "\n".join(made.seen(100, "values"))
    assert f" of {every} values are shown" in seen
    assert "say --limit 0" in seen
    assert len(seen.splitlines()) < every
    assert "are shown" not in made.run("values").stderr
    assert "are shown" not in "\n".join(made.seen(100, "values", "--limit", "0"))


def test_a_group_is_called_by_its_title(made: Made, tmp_path: Path) -> None:
    """Where people read, beside the name that options take; columns for machines keep the name."""
    config = tmp_path / "titled.toml"
    config.write_text('[groups.all]\ntitle = "The whole [coast]"\n', encoding="utf-8")
    about = ("values", "--agency", "group:all", "--indicator", "demand", "--config", str(config))
    seen = on_terminal(100, *about, cwd=made.folder)
    assert seen[1].startswith("The whole [coast] (group:all) · demand")
    assert "coast" not in made.told(*about)
    asked = ("explain", "demand", "--agency", "group:all", "--at", "2020-04-01")
    told = made.told(*asked, "--config", str(config))
    assert told.splitlines()[0] == "Demand · The whole [coast] (group:all)"
