"""Alerts, shocks, breaks and new formulas as annotations of Grafana: what should stand there.

Pure: from rows of the store to annotations, and what is to be done where others stand there now.

1. One annotation a thing, known for ever by its tag ``aid:…``, which is made of the id of the
   thing and nothing else. So what is done twice is done once.
2. While a thing lasts it is a point at its beginning; when it is over, a stretch.
3. The text is one sentence of numbers and of names that stand in the tables; what an event says in
   free text (the name of a crisis, why a definition changed) is not repeated. Whoever shows it
   may take it for markup, so no name may look like some.
4. Tags hold only what Grafana takes without quoting, and neither end nor begin in a colon: it cuts
   them there in two, and an annotation with another tag would be mended again and again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from dashboards.case import places, worst
from models.mark import DRAWN, SMALL, rule
from models.shock import OVER

TAG: Final = "headwind"
"""What every annotation of ours is known by."""

KEEP_MS: Final = 400 * 86_400_000
"""What ended longer ago is left as it is."""

LONGEST: Final = 480
"""Characters of a text."""

LONGEST_TAG: Final = 60
"""Of Grafana's tags key and value may have 100 characters each, and all together 500."""

AnnotationKind = Literal["alert", "shock", "break", "catalogue"]

Row = Mapping[str, Any]


class Annotation(msgspec.Struct, frozen=True):
    """One annotation; ``end`` is ``start`` for a point. Times in ms, above 0."""

    start: int
    end: int
    tags: tuple[str, ...]
    text: str

    @property
    def aid(self) -> str:
        """What it is known by; "" for one that somebody else wrote."""
        return next((tag for tag in self.tags if tag.startswith("aid:")), "")


class Rows(NamedTuple):
    """Rows of the tables alert, shock and mark, the newest state of each, and new formulas.

    A row of ``catalogue`` says that figures of an ``indicator`` and ``agency`` were made by
    ``version`` up to the moment ``until`` (ms), and by another one from then on.
    """

    alerts: Iterable[Row] = ()
    shocks: Iterable[Row] = ()
    marks: Iterable[Row] = ()
    catalogue: Iterable[Row] = ()


class Names(NamedTuple):
    """What people call things: indicators by their ids, and agencies."""

    titles: Mapping[str, str]
    called: Callable[[str], str]


class Plan(NamedTuple):
    """What is to be done: written, written anew under its number, and taken away by its number."""

    missing: list[Annotation]
    differing: list[tuple[int, Annotation]]
    surplus: list[int]


def wanted(rows: Rows, names: Names, since: int) -> dict[str, Annotation]:
    """What should stand there, by ``aid``: all that lasts, or ended after ``since`` (ms)."""
    found: dict[str, Annotation] = {}
    for kind, row, end, text in _things(rows, names):
        if end is None or end > since:
            one = _annotation(kind, row, end, text)
            found[one.aid] = one
    return found


def compared(wanted: Mapping[str, Annotation], there: Iterable[tuple[int, Annotation]]) -> Plan:
    """How what is there, by its number, becomes what is wanted.

    Of two for the same thing the older stays. What is for no wanted thing is left alone: it is
    history, or of another monitor.
    """
    kept: dict[str, tuple[int, Annotation]] = {}
    surplus = []
    for number, one in sorted(there, key=lambda pair: pair[0]):
        if one.aid not in wanted:
            continue
        if one.aid in kept:
            surplus.append(number)
        else:
            kept[one.aid] = (number, one)
    missing = [one for aid, one in wanted.items() if aid not in kept]
    differing = [
        (number, wanted[aid])
        for aid, (number, one) in kept.items()
        if not _is_same(one, wanted[aid])
    ]
    return Plan(missing, differing, surplus)


def slug(name: str) -> str:
    """A name as a part of a tag; names that differ stay different.

    >>> slug("permits"), slug("group:all"), slug("Parks & Roads")
    ('permits', 'group:all', 'parks-roads-7bb2fcb4')
    """
    if re.fullmatch(r"[a-z0-9_-]([a-z0-9:_-]{0,58}[a-z0-9_-])?", name):
        return name
    plain = re.sub("[^a-z0-9_-]+", "-", name.lower()).strip("-")[: LONGEST_TAG - 9]
    return f"{plain}-{_hash(name)[:8]}".lstrip("-")


def _is_same(one: Annotation, other: Annotation) -> bool:
    return (one.start, one.end, one.text, {*one.tags}) == (
        *(other.start, other.end, other.text),
        {*other.tags},
    )


def _annotation(kind: AnnotationKind, row: Row, end: int | None, text: str) -> Annotation:
    start = max(_start(row), 1)
    aid = f"aid:{_hash(f'{kind} {_id(kind, row)}')[:20]}"
    tags = (TAG, f"kind:{kind}", f"agency:{slug(row['agency'])}", aid)
    return Annotation(start, max(start, end or 0), tags, _plain(text))


def _id(kind: AnnotationKind, row: Row) -> str:
    if kind == "catalogue":
        return f"{row['indicator']} {row['version']} {row['agency']}"
    return str(row["id"])


def _start(row: Row) -> int:
    names = ("opened", "onset", "start", "until")
    return int(next(row[name] for name in names if name in row))


def _things(rows: Rows, names: Names) -> Iterator[tuple[AnnotationKind, Row, int | None, str]]:
    """Kind, row, when it was over, and the sentence."""
    for row in rows.alerts:
        # What a source's silence held back, and what never came out of it, was told to nobody.
        if "inhibited" not in (row["state"], row["old_state"] if row["closed"] else ""):
            yield "alert", row, row["closed"], _of_alert(row, names)
    for row in rows.shocks:
        # A declared crisis stands there as a mark.
        if row["kind"] != "crisis":
            yield "shock", row, _shock_end(row), _of_shock(row, names)
    for row in rows.marks:
        if row["kind"] in DRAWN and not _is_small(row):
            end = row["end"] if row["kind"] == "crisis" else row["start"]
            yield "break", row, end, _of_mark(row, names)
    for row in rows.catalogue:
        yield "catalogue", row, row["until"], _of_formula(row, names)


def _shock_end(row: Row) -> int | None:
    if row["recovered"] is not None:
        return int(row["recovered"])
    return int(row["updated"]) if row["state"] in OVER else None


def _is_small(row: Row) -> bool:
    if row["kind"] != "composition":
        return False
    return bool(abs(json.loads(row["evidence"]).get("effect", 1.0)) < SMALL)


# --- sentences ------------------------------------------------------------------------------------


def _of_alert(row: Row, names: Names) -> str:
    word = "over" if row["state"] == "closed" else row["severity"]
    return f"{word.capitalize()}, {names.called(row['agency'])}: {row['reason']}"


def _of_shock(row: Row, names: Names) -> str:
    agency = names.called(row["agency"])
    members = json.loads(row["evidence"]).get("members", [])
    whole = row["kind"] == "organisation"
    what = f"{places(members)} together" if whole else _figure(row, names)
    return (
        f"Shock, {agency}: {what}, {worst(row)} at worst, since {_day(row['onset'])}; "
        f"{row['state']}."
    )


def _of_mark(row: Row, names: Names) -> str:
    figure = _figure(row, names)
    match row["kind"]:
        case "crisis":
            over = "" if row["end"] is None else f" and was over on {_day(row['end'])}"
            scope = f" for {row['service']}" if row["service"] else ""
            what = f"a crisis was declared{scope}{over}"
        case "definition":
            what = f"what {figure} counts has changed, so numbers before and after do not compare"
        case "rebase":
            what = f"a new baseline of {figure} begins"
        case "policy":
            level = json.loads(row["evidence"]).get("level", 0)
            what = f"working from elsewhere is {rule(level)} from here on"
        case "composition":
            what = f"other parts in {figure}, {row['label']}"
        case "scale":
            what = "another scale of ratings, so ratings before and after do not compare"
        case _:
            what = f"reports of {figure} come in another rhythm"
    return f"Break, {names.called(row['agency'])}: {what}."


def _of_formula(row: Row, names: Names) -> str:
    title = names.titles.get(row["indicator"], row["indicator"])
    return (
        f"New formula, {names.called(row['agency'])}: {title} was computed by version "
        f"{row['version']} up to here, and is by a later one from here on."
    )


def _figure(row: Row, names: Names) -> str:
    """An indicator of the catalogue and its part; a name that the catalogue has not stays unsaid."""
    title = names.titles.get(row["indicator"], "figures")
    part = ", ".join(row[name] for name in ("service", "unit", "stratum") if row[name])
    return f"{title} ({part})" if part else title


def _day(ms: int) -> str:
    """The day of a moment, UTC; what no calendar has is held to years 1970 to 9999."""
    held = min(max(ms, 0), 253_402_214_400_000)
    return datetime.fromtimestamp(held / 1000, UTC).strftime("%Y-%m-%d")


def _plain(text: str) -> str:
    r"""One line of what can be printed, and without what could begin a tag of HTML.

    >>> _plain("a <b>\x1b[31m\nc")
    'a ‹b›�[31m c'
    """
    text = text.replace("<", "‹").replace(">", "›")
    shown = "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
