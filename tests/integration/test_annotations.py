"""Annotations in Grafana follow the store: after an outage, a restart, a change, and by one process."""

from __future__ import annotations

import json

import pytest
import sqlalchemy
import structlog.testing
from sqlalchemy import insert

from dashboards.annotations import KEEP_MS
from deploy import annotating
from deploy.annotating import HOUR_MS, IN_A_ROW
from models import tables
from streams.catalogue import catalogue
from tests.integration.annotated import (
    ALWAYS,
    AT_ONCE,
    DAY,
    HOSTILE,
    annotator,
    mark,
    put,
    shock,
    token,
)
from tests.integration.fake_grafana import EDITOR, Fake, Known, Odd, grafana, known
from tests.integration.test_lease import Unrested
from tests.integration.test_notify import NOON, Clock, alert, store
from tests.integration.test_notify_holding import keep

__all__ = ["grafana", "known", "store", "token"]

HOUR = 3_600_000


def test_each_thing_is_annotated_once(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Of every kind one; nothing is asked while the tables stand still; a restart repeats nothing."""
    keep(store, alert())
    put(store, tables.shock, shock("s"))
    put(store, tables.mark, mark("m", "scale"), mark("n", "closure"))
    one = annotator(store, grafana.url)
    assert one.step(ALWAYS, AT_ONCE) == 3
    assert sorted({*known.texts()}) == sorted(known.texts())
    assert known.texts()[0].startswith("Info, Permit office: Demand (building) is 31% below")
    assert {tag for one in known.annotations.values() for tag in one["tags"]} > {
        "headwind",
        "kind:alert",
        "kind:shock",
        "kind:break",
        "agency:permits",
    }
    asked = len(known.seen)
    assert one.step(ALWAYS, AT_ONCE) == 0
    assert len(known.seen) == asked
    assert annotator(store, grafana.url).step(ALWAYS, AT_ONCE) == 0
    assert known.count("POST") == 3
    assert known.count("GET") == 2


def test_a_change_is_a_change_of_the_same_annotation(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """An alert that closes and a shock that recovers: each gets its end, and keeps its tags."""
    keep(store, alert())
    put(store, tables.shock, shock("s"))
    one = annotator(store, grafana.url)
    one.step(ALWAYS, AT_ONCE)
    before = {number: held["tags"] for number, held in known.annotations.items()}
    keep(store, alert(1, "closed", reason="Demand (building) is back."))
    put(store, tables.shock, shock("s", transition=1, state="recovered", recovered=NOON))
    assert one.step(ALWAYS, AT_ONCE) == 2
    assert {number: held["tags"] for number, held in known.annotations.items()} == before
    assert [held["timeEnd"] for held in known.annotations.values()] == [NOON, NOON]
    assert known.texts()[0] == "Over, Permit office: Demand (building) is back."
    assert (known.count("POST"), known.count("PATCH")) == (2, 2)


def test_an_hour_without_grafana_loses_nothing(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """What opened and closed meanwhile is there afterwards, once; the trouble is told once."""
    keep(store, alert(name="a"))
    one = annotator(store, grafana.url)
    one.step(ALWAYS, AT_ONCE)
    known.always = Odd(how="close")
    stop = Unrested()
    with structlog.testing.capture_logs() as logs:
        for minute in range(60):
            if minute == 10:
                keep(store, alert(name="b"))
            if minute == 20:
                keep(store, alert(1, "closed", name="a"), alert(1, "closed", name="b"))
                put(store, tables.mark, mark("m", "scale"))
            one.attempt(stop, ALWAYS)
        known.always = None
        one.attempt(stop, ALWAYS)
        one.attempt(stop, ALWAYS)
    assert len(known.annotations) == 3
    assert (
        len({tag for held in known.annotations.values() for tag in held["tags"] if "aid" in tag})
        == 3
    )
    assert sorted(held["timeEnd"] - held["time"] for held in known.annotations.values()) == [
        0,
        HOUR,
        HOUR,
    ]
    assert [line["event"] for line in logs] == [
        "annotate.trouble",
        "annotate",
        "annotate.well_again",
    ]
    assert EDITOR not in repr(logs)


def test_it_goes_on_where_it_broke_off(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Down in the middle of many: those that were written are not written again."""
    keep(store, *(alert(name=f"{n}") for n in range(20)))

    def down() -> None:
        if len(known.annotations) == 7:
            known.always = Odd(502, b"Bad gateway")

    known.wrote = down
    one = annotator(store, grafana.url)
    one.attempt(Unrested(), ALWAYS)
    assert len(known.annotations) == 7
    known.always, known.wrote = None, lambda: None
    assert annotator(store, grafana.url).step(ALWAYS, AT_ONCE) == 13
    assert len({*(held["tags"][-1] for held in known.annotations.values())}) == 20


@pytest.mark.parametrize(
    "lost", [Odd(502, b"", done=True), Odd(how="close", done=True), Odd(204, done=True)]
)
def test_a_lost_answer_writes_nothing_twice(
    store: sqlalchemy.Engine, grafana: Fake, known: Known, lost: Odd
) -> None:
    """The next look finds what was written although nobody said so."""
    keep(store, alert(name="a"), alert(name="b"))
    # The first answer is that of the look, which is as usual.
    known.odd = [Odd(200, b"[]"), lost]
    one = annotator(store, grafana.url)
    one.attempt(Unrested(), ALWAYS)
    one.attempt(Unrested(), ALWAYS)
    assert sorted(known.annotations) == [1, 2]
    assert known.count("POST") == 2


def test_what_two_have_written_is_there_once_again(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Should two processes ever have written at a time, the next look takes the later one away."""
    keep(store, alert())
    annotator(store, grafana.url).step(ALWAYS, AT_ONCE)
    twin = known.annotations[1] | {"id": 2}
    known.annotations[2] = twin
    known.annotations[3] = twin | {"id": 3, "tags": ["headwind", "aid:another"]}
    assert annotator(store, grafana.url).step(ALWAYS, AT_ONCE) == 1
    assert sorted(known.annotations) == [1, 3]


def test_what_people_change_is_put_right(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """At the next look: a text that was edited, and one that was taken away."""
    keep(store, alert(name="a"), alert(name="b"))
    annotator(store, grafana.url).step(ALWAYS, AT_ONCE)
    before = json.dumps(list(known.annotations.values()))
    known.annotations[1]["text"] = "Not so bad."
    del known.annotations[2]
    annotator(store, grafana.url).step(ALWAYS, AT_ONCE)
    again = before.replace('"id": 2', '"id": 3')
    assert json.dumps(list(known.annotations.values())) == again


def test_many_of_a_long_time(store: sqlalchemy.Engine, grafana: Fake, known: Known) -> None:
    """More than Grafana tells unasked, and one that began years ago: none is written again."""
    keep(store, *(alert(name=f"{n}", opened=NOON - n * HOUR) for n in range(130)))
    keep(store, alert(name="ancient", opened=NOON - 5 * KEEP_MS))
    annotator(store, grafana.url).step(ALWAYS, AT_ONCE)
    assert len(known.annotations) == 131
    assert annotator(store, grafana.url).step(ALWAYS, AT_ONCE) == 0


def test_one_that_is_refused_holds_up_no_other(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """It is told, and tried again with the next change; one that may go well later, at once."""
    keep(store, *(alert(name=f"{n}") for n in range(4)))
    known.odd = [Odd(200, b"[]"), Odd(400, b'{"message": "no"}')]
    one = annotator(store, grafana.url)
    with structlog.testing.capture_logs() as logs:
        one.attempt(Unrested(), ALWAYS)
    assert [line["event"] for line in logs] == ["annotate.refused", "annotate"]
    assert (len(known.annotations), one.step(ALWAYS, AT_ONCE)) == (3, 0)
    keep(store, alert(name="5"))
    known.odd = [Odd(200, b"[]"), Odd(500)]
    known.annotations.clear()
    one.attempt(Unrested(), ALWAYS)
    assert (len(known.annotations), one.step(ALWAYS, AT_ONCE)) == (4, 1)


def test_many_that_are_refused_hold_up_no_other(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """However many of them come first; all of them are told in one line."""
    keep(store, *(alert(name=f"{n}") for n in range(IN_A_ROW + 5)))
    known.odd = [Odd(200, b"[]"), *[Odd(400, b'{"message": "no"}')] * (IN_A_ROW + 2)]
    with structlog.testing.capture_logs() as logs:
        annotator(store, grafana.url).attempt(Unrested(), ALWAYS)
    assert len(known.annotations) == 3
    assert [line.get("count") for line in logs] == [IN_A_ROW + 2, None]


def test_failures_that_are_not_in_a_row_end_nothing(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Every other one fails; the rest are written at the first look, and these at the next."""
    keep(store, *(alert(name=f"{n}") for n in range(4 * IN_A_ROW)))
    well = Odd(200, b"{}", done=True)
    known.odd = [Odd(200, b"[]"), *[Odd(500), well] * 2 * IN_A_ROW]
    one = annotator(store, grafana.url)
    one.attempt(Unrested(), ALWAYS)
    assert (len(known.annotations), one.step(ALWAYS, AT_ONCE)) == (2 * IN_A_ROW, 2 * IN_A_ROW)


def test_what_fails_again_and_again_ends_the_look(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """A server that fails is not asked a thousand times; one that is gone, or lets us not, once."""
    keep(store, *(alert(name=f"{n}") for n in range(20)))
    known.odd = [Odd(200, b"[]"), *[Odd(500)] * 20]
    annotator(store, grafana.url).attempt(Unrested(), ALWAYS)
    assert known.count("POST") == IN_A_ROW
    known.odd = [Odd(200, b"[]"), *[Odd(403)] * 20]
    annotator(store, grafana.url).attempt(Unrested(), ALWAYS)
    assert known.count("POST") == IN_A_ROW + 1
    known.odd = [Odd(200, b"[]"), *[Odd(how="close")] * 20]
    annotator(store, grafana.url).attempt(Unrested(), ALWAYS)
    assert known.count("POST") == IN_A_ROW + 2


def test_without_a_token_nothing_is_sent(
    store: sqlalchemy.Engine, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said in a sentence, once, and over as soon as there is one."""
    monkeypatch.delenv("HEADWIND_GRAFANA_TOKEN")
    keep(store, alert())
    one = annotator(store, grafana.url)
    with structlog.testing.capture_logs() as logs:
        one.attempt(Unrested(), ALWAYS)
        one.attempt(Unrested(), ALWAYS)
    (line,) = logs
    assert "no token for Grafana is named" in line["said"]
    assert known.seen == []
    monkeypatch.setenv("HEADWIND_GRAFANA_TOKEN", EDITOR)
    one.attempt(Unrested(), ALWAYS)
    assert len(known.annotations) == 1


def test_a_fault_of_ours_ends_nothing(
    store: sqlalchemy.Engine, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told by its name alone, for its words may quote anything, and tried again."""
    keep(store, alert())
    one = annotator(store, grafana.url)

    def broken(*_: object) -> None:
        message = f"quotes {EDITOR}"
        raise RuntimeError(message)

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as logs:
        patched.setattr(annotating, "wanted", broken)
        one.attempt(Unrested(), ALWAYS)
    assert [line["said"] for line in logs] == ["fault RuntimeError"]
    one.attempt(Unrested(), ALWAYS)
    assert len(known.annotations) == 1


def test_hostile_names_come_back_as_they_were_sent(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Whatever an agency is called, its annotation is written once and never changed."""
    names = [
        HOSTILE.replace("\ud800", ""),
        "Ünïcode & Söhne",
        ":",
        "a:",
        "-",
        "日本",
        "x" * 128,
        "{tag}",
    ]
    keep(store, *(alert(name=f"{n}", agency=name) for n, name in enumerate(names)))
    annotator(store, grafana.url).step(ALWAYS, AT_ONCE)
    assert len(known.annotations) == len(names)
    assert not any(set("<>\n\x1b") & set(text) for text in known.texts())
    assert annotator(store, grafana.url).step(ALWAYS, AT_ONCE) == 0


def test_a_new_formula_is_marked_where_the_old_one_ends(
    store: sqlalchemy.Engine, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each agency that has figures by it, at the end of the last; without old figures, nowhere."""
    held = {"indicator": "completion", "rhythm": "week", "span": "window", "revision": 0}
    held |= {"unit": "", "service": "", "stratum": "", "coverage": 1.0, "status": "ok"}
    held |= {"window_start": 0, "reason": "", "recorded": 0, "detail": "{}", "latest": True}
    rows = [
        held | {"agency": agency, "window_end": NOON + week * 7 * DAY, "catalogue_version": version}
        for agency, week, version in [
            ("permits", -2, 1),
            ("permits", -1, 1),
            ("permits", 0, 2),
            ("roads", 0, 2),
        ]
    ]
    with store.begin() as connection:
        connection.execute(insert(tables.value), rows)
    clock = Clock()
    one = annotator(store, grafana.url, clock)
    assert one.step(ALWAYS, AT_ONCE) == 0
    monkeypatch.setattr(type(catalogue()["completion"]), "version", 2)
    clock.now += HOUR_MS
    keep(store, alert())
    assert one.step(ALWAYS, AT_ONCE) == 2
    (found,) = [a for a in known.annotations.values() if "kind:catalogue" in a["tags"]]
    assert (found["time"], found["timeEnd"]) == (NOON - 7 * DAY, NOON - 7 * DAY)
    said = "New formula, Permit office: Completion was computed by version 1 up to here, and is by a later one from here on."
    assert found["text"] == said.replace("Completion", catalogue()["completion"].title)
    assert "agency:permits" in found["tags"]
