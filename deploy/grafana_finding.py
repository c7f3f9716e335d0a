"""What ``headwind doctor`` says of the Grafana that the settings name."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dashboards.grafana_call import GrafanaError
from dashboards.grafana_server import GrafanaServer
from dashboards.publish import PREFIX
from deploy.finding import Finding
from models.grafana import GrafanaSettings
from models.secret import SecretError

PATIENCE_S = 5.0
"""Whoever looks wants to know how it is now, so nothing is tried again."""


def grafana(settings: GrafanaSettings) -> Iterator[Finding]:
    """Whether it answers and knows our token, and whether our boards are there; one finding."""
    if not settings.url:
        return
    about = "grafana"
    try:
        token = settings.token(os.environ)
        with GrafanaServer(
            settings.url, token, timeout_s=PATIENCE_S, pause=lambda _: True
        ) as server:
            found = server.check()
            ours = sum(uid.startswith(PREFIX) for uid in server.boards())
    except (GrafanaError, SecretError) as error:
        says, fix = _parted(str(error))
        yield Finding(about, "look", says, fix)
        return
    says = f"{found.version} at {settings.url}, as {found.name}, has {ours} of our boards"
    if found.lacks:
        fix = "give the account of the token the role Editor, or see headwind boards token"
        yield Finding(about, "look", f"the token lacks {', '.join(found.lacks)}", fix)
    elif not ours:
        yield Finding(about, "look", says, "headwind boards publish, or provision deploy/grafana")
    else:
        yield Finding(about, "ok", says)


def _parted(said: str) -> tuple[str, str]:
    """A sentence in two: what is wrong, and what to do."""
    for sign in ("; ", ": "):
        says, found, fix = said.rpartition(sign)
        if found:
            return says, fix
    return said, "see [grafana] in the settings"
