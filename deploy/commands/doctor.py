"""``headwind doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import sqlalchemy
import typer
from sqlalchemy import case, func, select

from connectors._keys import list_keys
from deploy import show
from deploy.disarmed_finding import disarmed_indicators
from deploy.explanation import types_read
from deploy.finding import Finding
from deploy.grafana_finding import grafana
from deploy.notify_finding import RECENT_MS, deliveries, receivers
from deploy.options import (
    CONFIG,
    STORE,
    Config,
    Format,
    FormatOption,
    Store,
    checked_settings,
    iso,
)
from deploy.outgrown_finding import outgrown_limits
from deploy.workers import LAG_MS, workers
from models import tables
from models.settings import Settings, SettingsError
from models.store import StoreError, explained, open_store, store_name
from streams.catalogue import allowed, catalogue

COLOURS = {"ok": "", "look": "yellow", "wrong": "red"}


def command(
    store: Store = STORE, config: Config = CONFIG, form: FormatOption = Format.table
) -> None:
    """Check settings, store, keys, sources, lag, notifications, Grafana; each finding with its fix.

    Exit code 0: all fine. 1: something to look at.
    """
    found = list(findings(store, config, time.time_ns() // 1_000_000))
    if form is Format.table:
        for one in found:
            lead, words = f"{one.state:<6}", show.text(f"{one.about}: {one.says}")
            show.hang(lead, words, COLOURS[one.state])
            if one.fix:
                show.hang(" " * len(lead) + "do: ", show.text(one.fix))
    else:
        show.machine([one._asdict() for one in found], form, Finding._fields)
    if any(one.state != "ok" for one in found):
        raise typer.Exit(1)


def findings(store: str, config: Path, now: int) -> Iterator[Finding]:
    """Everything worth saying at this moment (ms), in the order in which an event travels."""
    settings = None
    try:
        settings = checked_settings(config)
    except SettingsError as error:
        for fault in error.faults:
            yield Finding("settings", "wrong", f"{config}, {fault.where}: {fault.what}", fault.hint)
    else:
        yield _settings(config)
        yield from disarmed_indicators(settings)
    unable = [] if settings is None else list(receivers(settings))
    try:
        database = open_store(store, make=False)
        with explained(store_name(database)), database.connect() as connection:
            yield _size(connection, store_name(database))
            yield from _stored(connection, now)
            if settings is None or not settings.kafka.servers:
                yield _lag(connection, now)
            else:
                yield from workers(connection, settings.kafka, now)
            if settings is not None:
                yield _workforce(connection, settings)
                yield from outgrown_limits(connection)
                yield from deliveries(connection, settings, now, able=not unable)
        database.dispose()
    except StoreError as error:
        says, _, fix = str(error).partition("; ")
        yield Finding("store", "wrong", says, fix or "restore the store from a copy")
    yield from unable
    if settings is not None:
        yield from grafana(settings.grafana)


def _stored(connection: sqlalchemy.Connection, now: int) -> Iterator[Finding]:
    yield from _keys(connection, now)
    yield from _sources(connection)
    yield _refused(connection, now)


def _settings(config: Path) -> Finding:
    if config.exists():
        return Finding("settings", "ok", f"{config} is read")
    says = f"there is no {config}: days are cut in UTC, nobody is told of alerts"
    fix = f"write {config}, with [organisation] timezone and [notify.NAME] url"
    return Finding("settings", "look" if config == CONFIG else "wrong", says, fix)


def _size(connection: sqlalchemy.Connection, store: str) -> Finding:
    asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if connection.dialect.name == "postgresql":
        asked = "SELECT pg_database_size(current_database())"
    size = connection.exec_driver_sql(asked).scalar_one()
    return Finding("store", "ok", f"{store}, {size / 1e6:,.1f} MB")


def _keys(connection: sqlalchemy.Connection, now: int) -> Iterator[Finding]:
    usable = {key.agency for key in list_keys(connection, now=now) if key.state == "active"}
    if not usable:
        fix = "headwind keys issue --agency NAME"
        yield Finding("keys", "look", "no usable key: nobody can send over HTTP", fix)
        return
    yield Finding("keys", "ok", f"{len(usable)} agencies can send over HTTP")
    c = tables.source.c
    heard = set(connection.execute(select(c.agency).where(c.accepted > 0)).scalars())
    for agency in sorted(usable - heard):
        fix = f"see what the door told it: headwind refused --agency {agency}"
        yield Finding("keys", "look", f"{agency} has a key, but nothing of it was accepted", fix)


def _workforce(connection: sqlalchemy.Connection, settings: Settings) -> Finding:
    """Indicators of the workforce may rest without papers, unless events for them come in."""
    about = "workforce"
    held = set(catalogue()) - set(allowed(settings.privacy))
    if not held:
        return Finding(about, "ok", "impact assessment and talks with staff are on file")
    types = {name for one in held for name in types_read(catalogue()[one])}
    c = tables.source.c
    came = connection.execute(
        select(func.sum(c.accepted)).where(c.type.in_(types), c.accepted > 0)
    ).scalar()
    names = ", ".join(sorted(held))
    if not came:
        return Finding(about, "ok", f"{names} rest: no papers in the settings, and no events")
    says = f"{came:,} events came for {names}, which rest without dpia_ref and social_dialogue_ref"
    return Finding(about, "look", says, "name both under [privacy] in headwind.toml")


def _lag(connection: sqlalchemy.Connection, now: int) -> Finding:
    log, stands = tables.log.c, tables.position.c
    applied = connection.execute(select(stands.applied).where(stands.stage == 1)).scalar() or 0
    behind, oldest = connection.execute(
        select(func.count(), func.min(log.received)).where(log.stage == 1, log.position > applied)
    ).one()
    if not behind:
        return Finding("engine", "ok", f"all {applied:,} records of the log are evaluated")
    if now - oldest <= LAG_MS:
        return Finding("engine", "ok", f"{behind:,} records of the log are on their way")
    says = f"{behind:,} records of the log wait, the oldest since {iso(oldest)}"
    return Finding("engine", "look", says, "run headwind serve, or load again")


def _sources(connection: sqlalchemy.Connection) -> Iterator[Finding]:
    c = tables.source.c
    stale = func.max(case((c.stale, 1), else_=0))
    rows = connection.execute(
        select(c.agency, c.source, func.max(c.last_time).label("last"), stale)
        .where(c.accepted > 0)
        .group_by(c.agency, c.source)
        .order_by(c.agency, c.source)
    ).all()
    if not rows:
        says = "nothing was ever accepted"
        yield Finding("sources", "look", says, "send events, load a file, or see headwind demo")
    for agency, some in groupby(rows, key=lambda row: row.agency):
        speaking = []
        for _, source, last, stale in some:
            if stale:
                says = f"{source} is silent; its last event happened at {iso(last)}"
                fix = f"ask {agency}; what it feeds shows as stale until it speaks"
                yield Finding(f"sources of {agency}", "look", says, fix)
            else:
                speaking.append(last)
        if speaking:
            says = f"speaking: {len(speaking)}; the last event happened at {iso(max(speaking))}"
            yield Finding(f"sources of {agency}", "ok", says)


def _refused(connection: sqlalchemy.Connection, now: int) -> Finding:
    c = tables.refused.c
    ever, lately = connection.execute(
        select(func.count(), func.count().filter(c.received > now - RECENT_MS))
    ).one()
    if lately:
        says = f"{lately:,} events were refused in seven days"
        return Finding("quarantine", "look", says, "headwind refused shows each with its reasons")
    before = f" in seven days, {ever:,} before" if ever else ""
    return Finding("quarantine", "ok", f"nothing was refused{before}")
