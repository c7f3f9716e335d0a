"""``[grafana]``: what does not fit is a fault with a hint, and without a token nothing goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.grafana import TOKEN, GrafanaSettings
from models.secret import SecretError
from models.settings import Settings, SettingsError

URL = "https://grafana.example.org"


def faults(**table: Any) -> list[str]:
    """Every fault of such a table, in words."""
    try:
        Settings.of({"grafana": table})
    except SettingsError as error:
        return [f"{one.where}: {one.what}; {one.hint}" for one in error.faults]
    return []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"{URL}/",
        f"{URL}/wind/grafana",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "http://api",
    ],
)
def test_where_grafana_begins(url: str) -> None:
    """With or without a path; a machine may be called as it likes."""
    assert faults(url=url, token_file="token", folder="Wind") == []


def test_no_grafana_is_no_fault() -> None:
    """The table may be left out, or be empty."""
    assert faults() == []
    assert Settings().grafana.url == ""
    assert Settings().grafana.folder == "Headwind"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"url": "grafana.example.org"}, "url: is not one that can be used; write an address such"),
        ({"url": "https://desk:planted@grafana.example.org"}, "url: is not one that can be used"),
        ({"url": f"{URL}?token=planted"}, "url: is not one that can be used"),
        ({"url": f"{URL}/api"}, "url: is that of a page or of the API; write what stands before"),
        ({"url": f"{URL}/api/"}, "url: is that of a page"),
        ({"url": f"{URL}/wind/d/headwind-overview"}, "url: is that of a page"),
        ({"url": f"{URL}/dashboards"}, "url: is that of a page"),
        ({"token_file": "token"}, "url: is missing; write an address such as"),
        ({"folder": "Wind"}, "url: is missing"),
        ({"url": URL, "folder": "general"}, "folder: is a name that no folder can have; write one"),
        ({"url": URL, "folder": " "}, "folder: is a name that no folder can have"),
        ({"url": URL, "folder": ""}, "folder: is not one that can be used; write text of 1 to 100"),
        (
            {"url": URL, "token": "planted"},
            "token: is not known; what is known here: folder, token_file, url",
        ),
        ({"url": 7}, "url: must be text in quotes"),
        ({"token_file": True}, "token_file: must be text in quotes"),
    ],
)
def test_what_does_not_fit_is_a_fault(table: dict[str, Any], words: str) -> None:
    """One fault, at its place, with a hint, and without what may be a secret."""
    (found,) = faults(**table)
    assert found.startswith(f"[grafana] {words}")
    assert "planted" not in found


def test_the_token_stands_in_a_file_beside_the_settings(tmp_path: Path) -> None:
    """Its path counts from there; a file that cannot be read is said, and no other way is tried."""
    path = tmp_path / "headwind.toml"
    path.write_text(f'[grafana]\nurl = "{URL}"\ntoken_file = "token"\n', encoding="utf-8")
    settings = Settings.load(path).grafana
    with pytest.raises(SecretError, match=r"token_file: .*token cannot be read"):
        settings.token({TOKEN: "another"})
    (tmp_path / "token").write_text("glsa_file\n", encoding="utf-8")
    assert settings.token({TOKEN: "another"}) == "glsa_file"


def test_the_token_may_stand_in_the_environment(tmp_path: Path) -> None:
    """Itself, or its file; without either nothing goes on, and what to do is said."""
    settings = GrafanaSettings(url=URL)
    assert settings.token({TOKEN: "glsa_said"}) == "glsa_said"
    (tmp_path / "token").write_text("glsa_file\n", encoding="utf-8")
    assert settings.token({f"{TOKEN}_FILE": str(tmp_path / "token")}) == "glsa_file"
    with pytest.raises(SecretError, match="headwind boards token"):
        settings.token({})
    with pytest.raises(SecretError, match="is set but empty"):
        settings.token({TOKEN: " "})
