"""``headwind boards``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from dashboards.grafana.board import files
from dashboards.grafana_call import GrafanaError
from dashboards.grafana_server import GrafanaServer
from dashboards.publish import FOLDER, BoardError, Change, Step, boards_in, steps
from dashboards.publish import publish as save
from deploy import show
from deploy.options import CONFIG, Config, read_settings
from models.grafana import GrafanaSettings
from models.secret import SecretError, secret_file
from streams.catalogue import catalogue

command = typer.Typer(
    help="Boards of Grafana: build, check, publish them into one that runs, make a token for that.",
    no_args_is_help=True,
)

WORDS: Final[dict[Change, str]] = {
    "new": "is new",
    "changed": "has changed",
    "same": "is as it is here",
    "files": "belongs to files of that server",
}


@command.command("build")
def build(
    out: Annotated[Path, typer.Option(help="Folder that they are written into.")] = FOLDER,
) -> None:
    """Write the boards as JSON for Grafana, from their definitions in dashboards/boards."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = files(list(catalogue().values()))
    changed = [name for name in wanted if _held(out / name) != wanted[name]]
    stale = [path for path in sorted(out.glob("*.json")) if path.name not in wanted]
    for name in changed:
        (out / name).write_text(wanted[name], encoding="utf-8")
    for path in stale:
        path.unlink()
    show.out.print(
        f"{len(wanted)} boards in {out}: {len(changed)} written, {len(stale)} removed.",
        markup=False,
    )


@command.command("check")
def check(
    boards: Annotated[Path, typer.Option(help="Folder of the boards, JSON files.")] = FOLDER,
) -> None:
    """Compare the JSON of the boards with their definitions; exit code 1 where they differ."""
    wanted = files(list(catalogue().values()))
    names = {path.name for path in boards.glob("*.json")}
    wrong = {
        **dict.fromkeys(wanted.keys() - names, "is missing"),
        **dict.fromkeys(names - wanted.keys(), "has no definition"),
        **{
            name: "differs from its definition"
            for name in wanted.keys() & names
            if _held(boards / name) != wanted[name]
        },
    }
    for name, what in sorted(wrong.items()):
        show.out.print(f"{name}  {what}", markup=False)
    if wrong:
        show.err.print("Write them anew: headwind boards build", markup=False)
        raise typer.Exit(1)
    show.out.print(f"{len(wanted)} boards are what their definitions give.", markup=False)


def _held(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


@command.command("publish")
def publish(
    config: Config = CONFIG,
    boards: Annotated[Path, typer.Option(help="Folder of the boards, JSON files.")] = FOLDER,
    check: Annotated[
        bool, typer.Option("--check", help="Only look at address, token and its rights.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Save the boards in the Grafana that the settings name.

    Exit code 1 where a board belongs to files of that server: then nothing is saved at all.
    """
    settings = _named(config)
    with _told(), _server(settings, settings.token(os.environ)) as server:
        _check(server)
        if check:
            return
        todo = list(steps(server, boards_in(boards), settings.folder))
        for step in todo:
            _say(step)
        theirs = [step.board.uid for step in todo if step.change == "files"]
        if theirs:
            show.err.print(
                f"Nothing was saved: {', '.join(theirs)} would be undone by files. Take them out "
                "of what that server provisions, or change them there.",
                markup=False,
            )
            raise typer.Exit(1)
        if not dry_run:
            save(server, todo, settings.folder, f"headwind {version('headwind')}")
    many = sum(step.change != "same" for step in todo)
    done = "would be saved" if dry_run else "saved"
    show.out.print(f"{many} {done}, in the folder {settings.folder}.", markup=False)


@command.command("token")
def token(
    admin_token_file: Annotated[
        Path, typer.Option(help="File that holds the token of an administrator, used this once.")
    ],
    name: Annotated[str, typer.Option(help="The service account, made if there is none.")] = (
        "headwind"
    ),
    role: Annotated[str, typer.Option(help="Its role; less than Editor may not annotate.")] = (
        "Editor"
    ),
    config: Config = CONFIG,
) -> None:
    """Make a service account in Grafana and show a token of it; it cannot be shown again."""
    settings = _named(config)
    with _told():
        admin = secret_file(admin_token_file, "--admin-token-file")
        with _server(settings, admin) as server:
            account = server.service_account(name, role)
            made = server.token_for(account, f"{name} {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")
    told = "Shown once. Put it into the file that token_file under [grafana] names:"
    show.err.print(told, markup=False)
    typer.echo(made)


def _named(config: Path) -> GrafanaSettings:
    settings = read_settings(config).grafana
    if not settings.url:
        show.err.print("No Grafana is named: write url under [grafana].", markup=False)
        raise typer.Exit(2)
    return settings


@contextmanager
def _told() -> Iterator[None]:
    """What hinders it is said in a sentence, with exit code 1."""
    try:
        yield
    except (GrafanaError, SecretError, BoardError) as error:
        show.err.print(escape(show.text(str(error))))
        raise typer.Exit(1) from None


def _server(settings: GrafanaSettings, held: str) -> GrafanaServer:
    return GrafanaServer(settings.url, held)


def _check(server: GrafanaServer) -> None:
    """Say who answers and as whom we come in; exit code 1 where the token may not do its work."""
    found = server.check()
    said = f"Grafana {found.version} at {server.url}, as {found.name}"
    show.err.print(said, markup=False)
    if found.lacks:
        lacks = ", ".join(found.lacks)
        show.err.print(
            f"The token lacks {lacks}: give its account the role Editor, or make another one with "
            "headwind boards token.",
            markup=False,
        )
        raise typer.Exit(1)


def _say(step: Step) -> None:
    show.out.print(f"{step.board.uid}  {WORDS[step.change]}", markup=False)
