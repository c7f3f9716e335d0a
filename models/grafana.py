"""Grafana: where one is, as whom we come in, and the folder of our boards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from models.fault import Fault, place
from models.secret import SecretError, secret, secret_file

TOKEN: Final = "HEADWIND_GRAFANA_TOKEN"  # noqa: S105 (the name of a variable)
"""Variable that may hold the token where no file is named; with _FILE behind it, name one."""

_SUCH: Final = 'an address such as "https://grafana.example.org"'

Url = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$", description=f"{_SUCH}, no password in it"
    ),
]
Folder = Annotated[str, Meta(min_length=1, max_length=100, description="text of 1 to 100 letters")]


class GrafanaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[grafana]``: with a url, alerts, shocks and breaks are marked there; boards can be published."""

    url: Url = ""
    """Where Grafana begins, with its path if it has one: what stands before /api and /d."""
    token_file: str = ""
    """File that holds the token of a service account; else HEADWIND_GRAFANA_TOKEN may hold one."""
    folder: Folder = "Headwind"
    """Title of the folder into which ``headwind boards publish`` puts the boards."""

    def token(self, environ: Mapping[str, str]) -> str:
        """The token. Raises SecretError where none is named, or it cannot be read."""
        if self.token_file:
            return secret_file(Path(self.token_file), "token_file")
        said = secret(TOKEN, environ)
        if said is None:
            message = (
                f"no token for Grafana is named; write token_file under [grafana], set {TOKEN}, or "
                "make one: headwind boards token"
            )
            raise SecretError(message)
        return said

    def faults(self) -> Iterator[Fault]:
        """What does not fit together."""
        for name, what, hint in self._odd():
            yield Fault(place(("grafana", name)), what, hint)

    def _odd(self) -> Iterator[tuple[str, str, str]]:
        if not self.url and (self.token_file or self.folder != _DEFAULTS.folder):
            yield "url", "is missing", f"write {_SUCH}"
        path = f"{urlsplit(self.url).path.rstrip('/')}/"
        if "/api/" in path or "/d/" in path or "/dashboards/" in path:
            yield "url", "is that of a page or of the API", "write what stands before /api or /d"
        # Grafana calls so what lies in no folder, and refuses another of that name.
        if self.folder.strip().lower() in ("", "general"):
            yield "folder", "is a name that no folder can have", 'write one such as "Headwind"'


_DEFAULTS: Final = GrafanaSettings()
