"""What every setting must keep to: described, read by something, and refused with a hint."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pytest

import models.settings
from deploy.options import checked_settings
from models.fault import Fault, place
from models.secret import SecretError
from models.settings import Part, Settings, SettingsError

ROOT = Path(__file__).resolve().parents[2]
NAMED = {
    "notify": {"url": "https://alerts.example.org/hook"},
    "maintenance": {"every": "sun 02:00-04:00"},
}
"""What a table of this name cannot be without."""


class Setting(NamedTuple):
    """One name that may stand in the file."""

    table: type[Part]
    name: str
    kind: Any
    path: tuple[str, ...]


def every(table: type[Part] = Settings, path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting at every depth; a table of names has one that is called "it"."""
    hints = get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        kind, here = hints[field.name], (*path, field.encode_name)
        yield Setting(table, field.name, kind, here)
        if get_origin(kind) is dict:
            kind, here = get_args(kind)[1], (*here, "it")
        if isinstance(kind, type) and issubclass(kind, Part):
            yield from every(kind, here)


EVERY = list(every())
EACH = pytest.mark.parametrize("one", EVERY, ids=lambda one: ".".join(one.path))
LEAVES = [
    one
    for one in EVERY
    if not any(other.path[:-1] in (one.path, (*one.path, "it")) for other in EVERY)
]


def raw(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A file that holds one value, and what its table cannot be without."""
    made: dict[str, Any] = {}
    inside = made
    for step in path[:-1]:
        inside[step] = {}
        if step == "it":
            inside[step] = dict(NAMED.get(path[0], {}))
        inside = inside[step]
    inside[path[-1]] = value
    return made


def refused(held: dict[str, Any]) -> tuple[Fault, ...]:
    """Every fault that a file with this in it has."""
    with pytest.raises(SettingsError) as caught:
        Settings.of(held, "headwind.toml")
    for fault in caught.value.faults:
        assert f"headwind.toml: {fault.where}: {fault.what}; {fault.hint}" in str(caught.value)
    return caught.value.faults


# --- described ------------------------------------------------------------------------------------


@EACH
def test_a_setting_is_described(one: Setting) -> None:
    """A sentence stands under it where it is declared, and says more than its name."""
    (declared,) = ast.parse(inspect.getsource(one.table)).body
    assert isinstance(declared, ast.ClassDef)
    said = {
        above.target.id: below.value.value
        for above, below in zip(declared.body, declared.body[1:], strict=False)
        if isinstance(above, ast.AnnAssign)
        and isinstance(above.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }
    assert re.fullmatch(r"\S.{12,}[.]", str(said.get(one.name, ""))), one.name


@EACH
def test_a_table_is_described(one: Setting) -> None:
    """Its docstring says what it is about."""
    assert re.match(r"[A-Z].{15,}", inspect.getdoc(one.table) or "")


@pytest.mark.parametrize("name", ["(all)", "north\\west"])
def test_what_is_no_name_for_a_group(name: str) -> None:
    """What stands for all of them, and what no question of Grafana's could hold."""
    (fault,) = refused({"agencies": {"parks": {"group": name}}})
    assert (fault.where, fault.what) == ("[agencies.parks] group", "is no name for a group")


def test_where_settings_are_described_is_said() -> None:
    """Whoever reads the README finds them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "headwind.toml" in readme
    assert "(models/settings.py)" in readme


@EACH
def test_a_setting_is_read_by_something(one: Setting) -> None:
    """No setting is without effect: some code asks for it, by its own name or by a property."""
    folders = ("streams", "connectors", "dashboards", "deploy", "models")
    code = "\n".join(
        path.read_text(encoding="utf-8") for name in folders for path in (ROOT / name).rglob("*.py")
    )
    used = re.search(rf"\.{one.name}\b", code) is not None
    assert used


# --- refused --------------------------------------------------------------------------------------

_WRONG: list[tuple[str, Any]] = [
    ("every", "sunday 02:00-04:00"),
    ("every", "sun 02:00-24:00"),
    ("timezone", "Europe/Brussel"),
    ("holidays", "Belgium"),
    ("holidays", "XX"),
    ("lateness", "two days"),
    ("quiet_after", "P1M"),
    ("standards", {"it": "soon"}),
    ("targets", {"it": "high"}),
    ("targets", {"it": float("nan")}),
    ("targets", {"it": float("inf")}),
    ("port", 65_536),
    ("port", -1),
    ("port", "8080"),
    ("max_body", 10),
    ("max_body", 2**31),
    ("rate_per_second", -1),
    ("rate_per_second", 0.5),
    ("host", ""),
    ("url", "alerts.example.org"),
    ("url", "https://user:secret@alerts.example.org"),
    ("kind", "pager"),
    ("min_severity", "dire"),
    ("agencies", "parks"),
    ("days", 0),
    ("days", 36_501),
    ("group", ""),
]


@pytest.mark.parametrize(("name", "value"), _WRONG)
def test_a_wrong_value_is_told_with_place_and_hint(name: str, value: Any) -> None:
    """Where it stands, what is wrong with it, and what to write."""
    mine = [one for one in LEAVES if one.name == name]
    assert mine
    for one in mine:
        (fault,) = refused(raw(one.path, value))
        assert fault.where == place((*one.path, "it") if isinstance(value, dict) else one.path)
        assert fault.what.split()[0] in ("is", "are", "must")
        assert re.search(r"\bwrite |did you mean ", fault.hint)


def test_a_secret_is_not_repeated() -> None:
    """A password written into an address is refused, and stands in no message."""
    url = "https://desk:planted@alerts.example.org"
    (fault,) = refused({"notify": {"desk": {"url": url}}})
    assert "planted" not in str(fault)


@EACH
def test_a_value_of_another_kind_is_told(one: Setting) -> None:
    """Every setting refuses what it cannot be, with its place and what to write instead."""
    faults = refused(raw(one.path, [[1]]))
    assert [fault.where for fault in faults] == [place(one.path)]
    assert all(fault.what and fault.hint for fault in faults)


def test_everything_wrong_is_told_at_once() -> None:
    """A file in which all is wrong is put right in one go."""
    held: dict[str, Any] = {}
    for one in LEAVES:
        inside = held
        for step in one.path[:-1]:
            inside = inside.setdefault(step, {})
        inside[one.path[-1]] = [[1]]
    assert {fault.where for fault in refused(held)} == {place(one.path) for one in LEAVES}


def test_a_fault_of_one_kind_keeps_back_none_of_another(tmp_path: Path) -> None:
    """Shapes, what does not fit together, and what the catalogue does not know: all at once."""
    path = tmp_path / "headwind.toml"
    path.write_text(
        "[door]\nport = 'eighty'\n[agencies.parks]\n[groups]\ncoast = 1\n"
        "[notify.desk]\nurl = 'https://alerts.example.org'\nagencies = ['park']\n"
        "[targets]\ndemnd = 1.0\n[detectors]\ndemand = ['xmrr']\n[objectives]\ndemand = 0.9\n"
    )
    with pytest.raises(SettingsError) as caught:
        checked_settings(path)
    assert [fault.where for fault in caught.value.faults] == [
        "[door] port",
        "[groups] coast",
        "[notify.desk] agencies",
        "[targets] demnd",
        "[detectors] demand",
        "[objectives] demand",
    ]


@pytest.mark.parametrize(
    "path",
    sorted({(*one.path[:-1], "tiemzone") for one in EVERY}),
)
def test_an_unknown_name_is_told(path: tuple[str, ...]) -> None:
    """At every depth: where it is, that it is not known, and what is."""
    (fault,) = refused(raw(path, "UTC"))
    assert fault.where == place(path)
    assert fault.what == "is not known"
    assert re.search(r"did you mean |what is known here: ", fault.hint)


def test_what_does_not_fit_together_is_told() -> None:
    """An agency's group, and a receiver's agency, must be among those that are written down."""
    held = {
        "groups": {"coast": {}},
        "agencies": {"parks": {"group": "cost"}, "roads": {}},
        "notify": {"desk": {"url": "https://alerts.example.org", "agencies": ["park"]}},
    }
    told = {fault.where: fault.hint for fault in refused(held)}
    assert told == {
        "[agencies.parks] group": "did you mean coast?",
        "[notify.desk] agencies": "did you mean parks?",
    }


def test_a_receiver_needs_an_address() -> None:
    """What is missing is asked for, with its form."""
    (fault,) = refused({"notify": {"desk": {}}})
    assert (fault.where, fault.what) == ("[notify.desk] url", "is missing")
    assert "an address such as" in fault.hint


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"[door\nport = 1", "is not TOML"),
        (b'[organisation]\nname = "caf\xe9"', "is not text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, body: bytes, what: str) -> None:
    """It is named, with what is wrong and what to do, and no traceback."""
    path = tmp_path / "headwind.toml"
    path.write_bytes(body)
    with pytest.raises(SettingsError) as caught:
        Settings.load(path)
    (fault,) = caught.value.faults
    assert fault.what.startswith(what)
    assert fault.hint
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A folder in its place is told; nothing in its place means defaults, and so does no path."""
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path)
    assert Settings.load(tmp_path / "none.toml") == Settings.load(None) == Settings()


def test_a_mark_before_the_text_is_no_fault(tmp_path: Path) -> None:
    """Editors on Windows write a byte order mark."""
    path = tmp_path / "headwind.toml"
    path.write_bytes(b'\xef\xbb\xbf[organisation]\nname = "Coast"\n')
    assert Settings.load(path).organisation.name == "Coast"


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    """Its path counts from the settings file; a file that is not there says what to do."""
    path = tmp_path / "headwind.toml"
    path.write_text('[notify.desk]\nurl = "https://alerts.example.org"\ntoken_file = "token"\n')
    receiver = Settings.load(path).notify["desk"]
    with pytest.raises(SecretError, match=r"token_file: .*token cannot be read .* put the secret"):
        receiver.token()
    (tmp_path / "token").write_text("s3cret\n")
    assert receiver.token() == "s3cret"


def test_the_organisation_fills_in_what_an_agency_leaves_out() -> None:
    """Zone and holidays are the organisation's where an agency names none; its title is its id."""
    settings = Settings.of(
        {
            "organisation": {"timezone": "Europe/Brussels", "holidays": "BE"},
            "agencies": {"parks": {"timezone": "UTC"}},
        }
    )
    parks, other = settings.agency("parks"), settings.agency("unheard-of")
    assert (parks.title, parks.timezone, parks.holidays) == ("parks", "UTC", "BE")
    assert (other.timezone, other.group) == ("Europe/Brussels", "all")


def test_the_module_says_how_it_is_written() -> None:
    """Durations and secrets, the two that surprise, are explained where settings are."""
    assert "ISO 8601" in (models.settings.__doc__ or "")
    assert "token_file" in (models.settings.__doc__ or "")
