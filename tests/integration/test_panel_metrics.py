"""Every question that Grafana asks Prometheus, asked: of a real one that scrapes a real monitor."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select

from models.store import open_store
from models.tables import source
from tests.contract.test_grafana_boards import BOARDS
from tests.e2e.serving import Serving, TurnedClock, until
from tests.integration import filled_in
from tests.integration.prometheus import Labels, Prometheus
from tests.integration.records import headwind
from tests.integration.test_panel_queries import AGENCIES

CHOICES = {"group": "(all)", "agency": "sea-defence", "indicator": "within_standard"}
SCRAPED = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: headwind
    static_configs: [{{targets: ["{address}"]}}]
  - job_name: again
    static_configs: [{{targets: ["{address}"]}}]
"""
"""Asked under two names, as two fronts would be: no series may stand there twice."""

NOTHING_THERE = re.compile(
    r"headwind_worker_|headwind_refused_total|headwind_delivery_total|headwind_outbox_pending"
    r"|headwind_events_total|headwind_commit_seconds|headwind_indicator_status"
)
"""What a demo has none of that was filled before, whose events are right, and that tells nobody."""


class Target(NamedTuple):
    """One question: where it stands, its expression, and how its answers are named."""

    board: str
    title: str
    ref: str
    expr: str
    legend: str


def targets() -> Iterator[Target]:
    """Of all panels of all boards."""
    for board in BOARDS.values():
        for panel in board["panels"]:
            for one in panel.get("targets", []):
                if "expr" in one:
                    named = (panel["title"], one["refId"], one["expr"], one["legendFormat"])
                    yield Target(board["uid"], *named)


TARGETS = [pytest.param(one, id=f"{one.board}/{one.title}/{one.ref}") for one in targets()]


@pytest.fixture(scope="module")
def serving(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The demo's store, served a minute after its end, as if time stood still there."""
    folder = tmp_path_factory.mktemp("served")
    copy = folder / "demo.db"
    copy.write_bytes(demo_store.read_bytes())
    config = folder / "headwind.toml"
    config.write_text(demo_store.with_suffix(".toml").read_text(encoding="utf-8"))
    clock = TurnedClock(folder / "clock")
    store = open_store(str(copy))
    with store.connect() as connection:
        last = connection.execute(select(func.max(source.c.last_received))).scalar_one()
    store.dispose()
    clock.set(last + 60_000)
    one = Serving(copy, config, clock)
    yield one
    one.stop()


@pytest.fixture(scope="module")
def prometheus(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has asked it at least twice."""
    address = serving.url.removeprefix("http://")
    folder = tmp_path_factory.mktemp("prometheus")
    one = Prometheus(folder, SCRAPED.format(address=address))
    until(lambda: len(one.query("count_over_time(up[1m]) > 2", time.time())) == 2)
    yield one
    one.stop()


def asked(prometheus: Prometheus, target: Target, choices: dict[str, str]) -> dict[Labels, Any]:
    """The answer at this moment."""
    return prometheus.query(filled_in.promql(target.expr, choices), time.time())


@pytest.mark.parametrize("target", TARGETS)
def test_it_answers_with_the_labels_of_its_legend(target: Target, prometheus: Prometheus) -> None:
    """No error; each answer once, with what its name is made of."""
    answers = [asked(prometheus, target, CHOICES | {"agency": agency}) for agency in AGENCIES]
    found = {labels: value for one in answers for labels, value in one.items()}
    # Of the four targets of a ranking the one answers whose unit is that of the indicator.
    one_of_several = target.title.startswith("Ranking") and CHOICES["indicator"] not in target.expr
    assert bool(found) or NOTHING_THERE.search(target.expr) or one_of_several, target
    # An alert about a source has no indicator, and what is empty is no label.
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target.legend)) - {"indicator"}
    for labels in found:
        assert wanted <= dict(labels).keys(), target
        assert not {"instance", "job"} & dict(labels).keys() - wanted


@pytest.mark.parametrize("name", ["group:R$D", 'A & B / "C"', "O'Brien", "x} or vector(1) #", ".*"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_name_is_never_more_than_a_name(
    target: Target, name: str, prometheus: Prometheus
) -> None:
    """Quotes, braces, and what looks like an expression: no error, and nobody else's series."""
    if "${" in target.expr:
        found = asked(prometheus, target, dict.fromkeys(CHOICES, name))
        assert all(value == 0 for value in found.values()), found


def test_a_group_is_its_agencies(prometheus: Prometheus) -> None:
    """Chosen as a group, or as an agency; one that nobody is in has none."""

    def found(board: str, title: str, **choices: str) -> dict[Labels, Any]:
        (target,) = (one for one in targets() if (one.board, one.title) == (board, title))
        return asked(prometheus, target, CHOICES | choices)

    tiles = ("headwind-overview", "Agencies now")
    states = {dict(labels)["agency"]: value for labels, value in found(*tiles).items()}
    assert states.keys() == {*AGENCIES}
    assert found(*tiles, group="all") == found(*tiles)
    assert found(*tiles, group="nobody") == {}
    sentence = ("headwind-agency", "In one sentence, now")
    assert [*found(*sentence, agency="group:all").values()] == [max(states.values())]
    assert found(*sentence, agency="group:nobody") == {}


def test_the_ranking_is_what_the_command_says(prometheus: Prometheus, serving: Serving) -> None:
    """Of the chosen indicator, by agency: the newest value of headwind values."""
    (expr,) = (
        one.expr
        for one in targets()
        if (one.board, one.title) == ("headwind-overview", "Ranking now")
        and "within_standard" in one.expr
    )
    answer = prometheus.query(filled_in.promql(expr, CHOICES), time.time())
    shown = {dict(labels)["agency"]: value for labels, value in answer.items()}
    store = str(_store(serving))
    told = headwind(
        *("values", "--store", store, "--indicator", "within_standard", "--latest"),
        *("--unit", "", "--service", "", "--stratum", "", "--format", "json"),
    )
    told.check_returncode()
    newest = {
        row["agency"]: row["value"]
        for row in json.loads(told.stdout)
        if row["value"] is not None and not row["agency"].startswith("group:")
    }
    assert shown
    assert shown == {agency: newest[agency] for agency in shown}


def _store(serving: Serving) -> Path:
    return Path(serving._said).with_name("demo.db")


def test_the_sentence_counts_all_agencies(prometheus: Prometheus) -> None:
    """Strained, to watch, unknown, and of how many."""
    (target,) = (
        one
        for one in targets()
        if (one.board, one.title) == ("headwind-overview", "In one sentence, now")
    )
    ((labels, value),) = asked(prometheus, target, CHOICES).items()
    counted = {name: int(text) for name, text in labels}
    assert value == 1
    assert counted["all"] == 4
    assert sum(counted[name] for name in ("strained", "watch", "unknown")) <= 4
