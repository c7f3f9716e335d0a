"""``headwind doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy
import typer
from rich.markup import escape
from sqlalchemy import func, select

from connectors._keys import any_usable
from deploy import show
from deploy.options import CONFIG, STORE, Config, Format, FormatOption, Store, iso
from models import tables
from models.settings import Settings, SettingsError
from models.store import StoreError, open_store


class Finding(NamedTuple):
    """What was looked at, how it is (ok, look or wrong), and what to do."""

    about: str
    state: str
    says: str
    fix: str = ""


def command(
    store: Store = STORE, config: Config = CONFIG, form: FormatOption = Format.table
) -> None:
    """Check settings, store, keys, sources, lag and notifications; each finding with its fix.

    Exit code 0: all fine. 1: something to look at.
    """
    found = list(findings(store, config))
    if form is Format.table:
        for one in found:
            mark = {"ok": "[green]ok   [/green]", "look": "[yellow]look [/yellow]"}.get(
                one.state, "[red]wrong[/red]"
            )
            show.out.print(f"{mark} [bold]{escape(one.about)}[/bold]: {escape(one.says)}")
            if one.fix:
                show.out.print(f"      do: {escape(one.fix)}")
    else:
        show.rows([one._asdict() for one in found], form, Finding._fields, "")
    if any(one.state != "ok" for one in found):
        raise typer.Exit(1)


def findings(store: str, config: Path) -> Iterator[Finding]:
    """Everything worth saying, in the order in which an event travels."""
    try:
        settings = Settings.load(config)
        word = "read" if config.exists() else "absent, so defaults hold"
        yield Finding("settings", "ok", f"{config}: {word}")
    except SettingsError as error:
        yield Finding("settings", "wrong", str(error), "mend the file and run doctor again")
        return
    try:
        database = open_store(store)
    except StoreError as error:
        yield Finding("store", "wrong", str(error))
        return
    with database.connect() as connection:
        size = connection.exec_driver_sql(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        ).scalar_one()
        yield Finding("store", "ok", f"{store}: {size / 1e6:,.1f} MB")
        yield _keys(connection)
        yield _papers(settings)
        yield _lag(connection)
        yield from _sources(connection)
        yield _refused(connection)
        yield _deliveries(connection, settings)


def _keys(connection: sqlalchemy.Connection) -> Finding:
    if any_usable(connection, now=_now()):
        return Finding("keys", "ok", "at least one key can be used")
    fix = "headwind keys issue --agency NAME"
    return Finding("keys", "look", "no usable key: nobody can send over HTTP", fix)


def _papers(settings: Settings) -> Finding:
    if settings.privacy.dpia_ref and settings.privacy.social_dialogue_ref:
        return Finding("workforce indicators", "ok", "impact assessment and talks are on file")
    return Finding(
        "workforce indicators",
        "look",
        "they do not start without dpia_ref and social_dialogue_ref",
        "name both in headwind.toml under [privacy]",
    )


def _lag(connection: sqlalchemy.Connection) -> Finding:
    last = connection.execute(
        select(func.max(tables.log.c.position)).where(tables.log.c.stage == 1)
    ).scalar()
    applied = connection.execute(
        select(tables.position.c.applied).where(tables.position.c.stage == 1)
    ).scalar()
    behind = (last or 0) - (applied or 0)
    if not behind:
        return Finding("engine", "ok", f"all {last or 0:,} records of the log are applied")
    return Finding(
        "engine", "look", f"{behind:,} records of the log wait", "run headwind serve, or load again"
    )


def _sources(connection: sqlalchemy.Connection) -> Iterator[Finding]:
    c = tables.source.c
    rows = connection.execute(
        select(c.agency, c.source, func.max(c.last_time), func.max(c.stale))
        .where(c.accepted > 0)
        .group_by(c.agency, c.source)
    ).all()
    if not rows:
        yield Finding(
            "sources", "look", "nothing was ever accepted", "headwind demo, or load a file"
        )
    for agency, source, last, stale in rows:
        words = f"last event {iso(last)}"
        if stale:
            fix = "ask the agency; its values show as stale until it speaks"
            yield Finding(f"source {source} of {agency}", "look", f"silent, {words}", fix)
        else:
            yield Finding(f"source {source} of {agency}", "ok", words)


def _refused(connection: sqlalchemy.Connection) -> Finding:
    count = connection.execute(select(func.count()).select_from(tables.refused)).scalar_one()
    if not count:
        return Finding("quarantine", "ok", "nothing was refused")
    return Finding(
        "quarantine", "look", f"{count:,} events were refused", "headwind refused shows them"
    )


def _deliveries(connection: sqlalchemy.Connection, settings: Settings) -> Finding:
    if not settings.notify:
        fix = "add [notify.NAME] with a url to headwind.toml"
        return Finding("notifications", "look", "nobody is told of alerts", fix)
    c = tables.delivery.c
    dead = connection.execute(
        select(func.count()).select_from(tables.delivery).where(c.state == "dead")
    ).scalar_one()
    if dead:
        fix = "see table delivery for the last error; mend the receiver"
        return Finding("notifications", "look", f"{dead:,} were given up", fix)
    return Finding("notifications", "ok", f"{len(settings.notify)} receivers, none given up")


def _now() -> int:
    return time.time_ns() // 1_000_000
