"""What every channel must keep to: settings know it, it says what it is, and tells no secret."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

from models.settings import NotifySettings, Settings
from streams.notify import channels
from streams.notify.channel import Receiver
from streams.notify.ours import drill
from streams.notify.relay import CHANNELS

PLANTED = "pl4nted"
EACH = pytest.mark.parametrize("kind", sorted(CHANNELS))


def receiver(folder: Path, kind: str, url: str) -> Receiver:
    """A receiver of this kind, whose address stands in a file."""
    (folder / "url").write_text(url, encoding="utf-8")
    wants = {"kind": kind, "url_file": str(folder / "url"), "token_file": ""}
    return Receiver("desk", Settings.of({"notify": {"desk": wants}}))


def test_settings_name_every_channel() -> None:
    """A file is a channel by being there; the settings' sentence and the README say that it is."""
    files = {path.stem for path in Path(channels.__path__[0]).glob("[!_]*.py")}
    assert set(CHANNELS) == files
    assert set(get_args(get_type_hints(NotifySettings)["kind"])) == files


@EACH
def test_a_channel_is_described(kind: str) -> None:
    """Its file begins with how settings call it, and its class says what it does."""
    module = inspect.getmodule(CHANNELS[kind])
    assert module is not None
    assert f'kind = "{kind}"' in (module.__doc__ or "")
    assert CHANNELS[kind].__doc__
    readme = Path(__file__).parents[2] / "README.md"
    assert f'kind = "{kind}"' in readme.read_text("utf-8") or kind == "webhook"


@EACH
@pytest.mark.parametrize("scheme", ["http", "json", "nothing"])
def test_an_answer_holds_no_address(kind: str, scheme: str, tmp_path: Path) -> None:
    """Where nobody listens, or the address is none, that is said in words of ours."""
    channel = CHANNELS[kind](receiver(tmp_path, kind, f"{scheme}://u:{PLANTED}@127.0.0.1:9/x"))
    answer = channel.send([drill("Coast", 0)])
    channel.close()
    assert not answer.ok
    assert answer.says
    assert PLANTED not in answer.says
    assert "127.0.0.1" not in answer.says


@EACH
def test_a_secret_that_is_missing_is_said(kind: str, tmp_path: Path) -> None:
    """Nothing is sent without it, and it is tried again once it is there."""
    made = receiver(tmp_path, kind, "http://127.0.0.1:9/x")
    (tmp_path / "url").unlink()
    answer = CHANNELS[kind](made).send([drill("Coast", 0)])
    assert (answer.ok, answer.permanent) == (False, False)
    assert "url_file" in answer.says
    assert "cannot be read" in answer.says


def test_the_file_of_an_address_stands_beside_the_settings(tmp_path: Path) -> None:
    """Its path counts from the settings file, wherever the command is started."""
    path = tmp_path / "headwind.toml"
    path.write_text('[notify.desk]\nkind = "apprise"\nurl_file = "desk.url"\n', encoding="utf-8")
    (tmp_path / "desk.url").write_text("json://one.example json://two.example\n", "utf-8")
    made = Receiver("desk", Settings.load(path))
    assert made.urls() == ["json://one.example", "json://two.example"]


@pytest.mark.parametrize(
    ("wants", "where"),
    [
        ({"kind": "webhook"}, "url"),
        ({"kind": "alertmanager"}, "url"),
        ({"kind": "webhook", "url": "http://a.example", "url_file": "x"}, "url_file"),
        ({"kind": "apprise", "url": "https://hooks.example.org/T0"}, "url"),
        ({"kind": "apprise", "watchdog": True}, "watchdog"),
        ({"kind": "alertmanager", "url": "http://a.example", "repeat": "P1D"}, "repeat"),
        ({"kind": "alertmanager", "url": "http://a.example", "group_wait": "PT1M"}, "group_wait"),
        ({"url": "http://a.example", "quiet_hours": "07:00-07:00"}, "quiet_hours"),
        ({"url": "http://a.example", "quiet_hours": "7-20"}, "quiet_hours"),
        ({"url": "http://a.example", "quiet_hours": "20:00-24:00"}, "quiet_hours"),
        ({"url": "http://a.example", "group_wait": "5m"}, "group_wait"),
        ({"url": "http://a.example", "watchdog_every": "PT0S"}, "watchdog_every"),
    ],
)
def test_what_a_kind_cannot_do_is_told(wants: dict[str, object], where: str) -> None:
    """With its place, what is wrong, and what to write instead."""
    with pytest.raises(Exception, match=r"\[notify\.desk\]") as caught:
        Settings.of({"notify": {"desk": wants}})
    (fault,) = caught.value.faults  # type: ignore[attr-defined]
    assert fault.where == f"[notify.desk] {where}"
    assert fault.what
    assert fault.hint


def test_a_webhook_stays_one_without_a_kind() -> None:
    """Settings that were written before there were kinds mean what they meant."""
    old = {"url": "https://alerts.example.org/hook", "min_severity": "warning"}
    (made,) = Settings.of({"notify": {"desk": old}}).notify.values()
    assert made == NotifySettings(**old)  # type: ignore[arg-type]
    assert msgspec.to_builtins(made)["kind"] == "webhook"
