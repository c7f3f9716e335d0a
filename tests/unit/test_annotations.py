"""What should stand in Grafana: pure, from rows of the store to annotations."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from dashboards.annotations import LONGEST, Names, Rows, compared, slug, wanted
from models.mark import DRAWN, SMALL
from tests.integration.annotated import DAY, HOSTILE, mark, shock
from tests.integration.test_notify import NOON

NAMES = Names({"demand": "Demand", "completion": "Completion"}, str.capitalize)


def row(**fields: Any) -> dict[str, Any]:
    """A row of an alert, as the pure part takes it."""
    made = {"id": "a", "agency": "permits", "state": "open", "old_state": "", "severity": "info"}
    return made | {"reason": "It fell.", "opened": NOON, "closed": None} | fields


def one_of(**rows: Any) -> Any:
    """The only annotation that these rows make."""
    (found,) = wanted(Rows(**rows), NAMES, 0).values()
    return found


def test_an_alert_is_a_point_and_then_a_stretch() -> None:
    """From its opening to its closing; the tag that it is known by stays."""
    opened = one_of(alerts=[row()])
    assert (opened.start, opened.end) == (NOON, NOON)
    assert opened.tags[:3] == ("headwind", "kind:alert", "agency:permits")
    assert opened.text == "Info, Permits: It fell."
    over = row(state="closed", old_state="open", closed=NOON + DAY, reason="It is back.")
    closed = one_of(alerts=[over])
    assert (closed.start, closed.end) == (NOON, NOON + DAY)
    assert closed.text == "Over, Permits: It is back."
    assert closed.tags == opened.tags
    assert re.fullmatch("aid:[0-9a-f]{20}", opened.aid)


def test_what_was_told_to_nobody_is_not_drawn() -> None:
    """An alert that a source's silence holds back, and one that never came out of it."""
    held = row(state="inhibited")
    never = row(state="closed", old_state="inhibited", closed=NOON)
    assert wanted(Rows(alerts=[held, never]), NAMES, 0) == {}
    assert one_of(alerts=[row(old_state="inhibited")])


def test_a_shock_in_a_sentence() -> None:
    """Whose, of what, how deep, since when, how it stands; never what a crisis is called."""
    open_ = one_of(shocks=[shock("s")])
    said = "Shock, Permits: Completion (building), 40 % below what was expected at worst, since 2020-03-15; recovering."
    assert open_.text == said
    assert (open_.start, open_.end) == (NOON - DAY, NOON - DAY)
    assert one_of(shocks=[shock("s", state="recovered", recovered=NOON)]).end == NOON
    ended = shock("s", state="degraded", updated=NOON + DAY)
    assert one_of(shocks=[ended]).end == NOON + DAY
    members = json.dumps({"members": [{"service": "a"}, {"service": "b"}, {"service": "c"}]})
    whole = shock("w", kind="organisation", indicator="", service="", evidence=members)
    assert "Permits: 3 services together, 40 %" in one_of(shocks=[whole]).text
    assert wanted(Rows(shocks=[shock("c", kind="crisis")]), NAMES, 0) == {}


def test_every_mark_that_is_drawn_has_its_sentence() -> None:
    """Each kind says something else; what an event called it is not repeated."""
    texts = set()
    for kind in DRAWN:
        found = one_of(marks=[mark("m", kind, indicator="demand")])
        assert found.tags[1] == "kind:break"
        assert found.text.startswith("Break, Permits: ")
        assert ("planted" in found.text) is (kind == "composition")
        texts.add(found.text)
    assert len(texts) == len(DRAWN)
    assert wanted(Rows(marks=[mark("m", "closure"), mark("n", "release_freeze")]), NAMES, 0) == {}
    strict = one_of(marks=[mark("m", "policy", evidence='{"level": 3}')])
    assert strict.text == "Break, Permits: working from elsewhere is required of all from here on."
    crisis = one_of(marks=[mark("m", "crisis", end=NOON, service="floods")])
    assert crisis.end == NOON
    assert (
        crisis.text
        == "Break, Permits: a crisis was declared for floods and was over on 2020-03-16."
    )


def test_a_small_change_of_parts_is_drawn_nowhere() -> None:
    """As on the page."""
    rows = [
        mark(name, "composition", evidence=json.dumps({"effect": effect}))
        for name, effect in (("a", SMALL), ("b", -SMALL), ("c", SMALL - 0.001))
    ]
    assert len(wanted(Rows(marks=rows), NAMES, 0)) == 2


def test_what_ended_long_ago_is_left_alone() -> None:
    """What lasts is there however long ago it began."""
    rows = [
        row(id="ended", state="closed", old_state="open", closed=NOON),
        row(id="ends", state="closed", old_state="open", closed=NOON + 1),
        row(id="lasts", opened=1),
    ]
    found = wanted(Rows(alerts=rows), NAMES, NOON)
    assert sorted(one.start for one in found.values()) == [1, NOON]


def test_the_same_thing_is_known_by_the_same_tag() -> None:
    """Of a kind and id, and of nothing else; of another kind or id it is another one."""

    def aid(**rows: Any) -> str:
        return str(one_of(**rows).aid)

    assert aid(alerts=[row()]) == aid(alerts=[row(reason="x", agency="y", opened=3)])
    others = {
        aid(alerts=[row()]),
        aid(alerts=[row(id="b")]),
        aid(marks=[mark("a", "scale")]),
        aid(shocks=[shock("a")]),
    }
    assert len(others) == 4


def test_hostile_names_stay_names() -> None:
    """No markup, no control of a terminal, one line; tags of letters that need no quoting."""
    found = one_of(alerts=[row(agency=HOSTILE, reason=HOSTILE * 40)])
    assert not set("<>\n\x1b\u202e\ud800") & set(found.text)
    assert found.text.isprintable()
    assert len(found.text) == LONGEST
    assert all(re.fullmatch("[a-z0-9:_-]{1,100}", tag) for tag in found.tags)


@given(some.lists(some.text(max_size=140), unique=True, min_size=2, max_size=6))
@settings(max_examples=200)
def test_names_become_tags_that_come_back_as_they_are(names: list[str]) -> None:
    """Different names are different tags, and Grafana, which cuts at a colon, changes none."""
    tags = {f"agency:{slug(name)}" for name in names}
    assert len(tags) == len(names)
    for tag in tags:
        assert re.fullmatch("[a-z0-9:_-]{8,100}", tag)
        key, _, held = tag.partition(":")
        assert held
        assert f"{key}:{held.strip()}" == tag


def test_plain_names_are_their_own_tags() -> None:
    """So that a board can ask by its variable."""
    assert [slug(name) for name in ("permits", "group:all", "it-unit_2")] == [
        "permits",
        "group:all",
        "it-unit_2",
    ]


def test_what_is_compared() -> None:
    """Missing, differing, twice; what nobody wants is left alone, tags in any order are the same."""
    should = wanted(Rows(alerts=[row(id=name) for name in "abc"]), NAMES, 0)
    a, b, c = should.values()
    turned = type(a)(a.start, a.end, a.tags[::-1], a.text)
    other = type(b)(b.start, b.end + 1, b.tags, b.text)
    stranger = type(b)(1, 1, ("headwind", "aid:0"), "Of another monitor.")
    there = [(9, a), (3, turned), (4, other), (5, stranger), (6, type(b)(1, 1, (), "By hand."))]
    plan = compared(should, there)
    assert (plan.missing, plan.differing, plan.surplus) == ([c], [(4, b)], [9])
