"""``headwind keys``."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

import typer

from connectors._keys import KeyProblemError, issue, list_keys, revoke, rotate
from deploy import show
from deploy.options import STORE, Format, FormatOption, Store, iso, moment
from deploy.reading import reading
from models.store import open_store

command = typer.Typer(
    help="Keys with which agencies send events: shown once, kept as a hash, scoped, rotatable.",
    no_args_is_help=True,
)

FIELDS = ("id", "agency", "families", "state", "created", "expires", "revoked")
COLUMNS = (
    *map(show.column, FIELDS[:4]),
    *show.when("created", "created", rank=3),
    *show.when("expires", "expires", rank=2),
    *show.when("revoked", "revoked", rank=1),
)

KeyId = Annotated[str, typer.Argument(help="The key's id, as `headwind keys list` shows it.")]


def _now() -> int:
    return time.time_ns() // 1_000_000


@command.command("issue")
def issue_key(
    agency: Annotated[str, typer.Option(help="Who may send with it.")],
    families: Annotated[
        str, typer.Option(help="Comma separated: project, service, remote, context. Empty: all.")
    ] = "",
    expires: Annotated[str, typer.Option(help="A day or moment, ISO 8601. Empty: never.")] = "",
    store: Store = STORE,
) -> None:
    """Make a key and show it; it is not kept and cannot be shown again."""
    wanted = [name.strip() for name in families.split(",") if name.strip()]
    until = moment(expires, "--expires")
    try:
        with open_store(store).begin() as connection:
            key = issue(connection, agency, now=_now(), families=wanted, expires=until)
    except KeyProblemError as error:
        raise typer.BadParameter(str(error)) from None
    _show_once(key)


@command.command("rotate")
def rotate_key(key: KeyId, store: Store = STORE) -> None:
    """Make a successor; the old key goes on for a grace period, then ends."""
    try:
        with open_store(store, make=False).begin() as connection:
            successor = rotate(connection, key, now=_now())
    except KeyProblemError as error:
        raise typer.BadParameter(str(error)) from None
    _show_once(successor)


@command.command("revoke")
def revoke_key(key: KeyId, store: Store = STORE) -> None:
    """End a key now; running doors refuse it within five seconds."""
    try:
        with open_store(store, make=False).begin() as connection:
            revoke(connection, key, now=_now())
    except KeyProblemError as error:
        raise typer.BadParameter(str(error)) from None
    show.err.print(f"Key {key} is revoked.", markup=False)


@command.command("list")
def list_all(
    agency: Annotated[str | None, typer.Option(help="Only of this agency.")] = None,
    store: Store = STORE,
    form: FormatOption = Format.table,
) -> None:
    """Show who may send what; never a key itself."""
    with reading(store) as connection:
        found = list_keys(connection, now=_now(), agency=agency)
    rows = [
        {
            "id": one.id,
            "agency": one.agency,
            "families": ", ".join(one.families) or "all",
            "state": one.state,
            "created": iso(one.created),
            "expires": iso(one.expires),
            "revoked": iso(one.revoked),
        }
        for one in found
    ]
    none = "No keys. Make one: headwind keys issue --agency NAME"
    show.listed(rows, form, FIELDS, partial(show.table, columns=COLUMNS), none)


def _show_once(key: str) -> None:
    show.err.print("Shown once. Give it to the agency over a safe way:")
    typer.echo(key)
