"""``headwind``: one command a file of ``deploy/commands``, found by being there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys

import typer
from rich.markup import escape

from deploy import commands
from deploy.show import err
from models.store import StoreError, StoreNameError

app = typer.Typer(
    name="headwind",
    help=(
        "See how fast a public organisation explores and exploits digital opportunities, and "
        "how it holds when the wind turns. Start with [bold]headwind demo[/bold]."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _headwind() -> None:
    """Keeps the commands' names even where only one is registered."""


def _flowing(command: object) -> str:
    """What a command's docstring says, where brackets are brackets, in lines of any width."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return escape("\n\n".join(" ".join(words.split()) for words in paragraphs))


def _register() -> None:
    """Add the commands; where the line names one, only that one is imported: it starts faster."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    asked = next((word.replace("-", "_") for word in sys.argv[1:2]), "")
    for module in [asked] if asked in names else names:
        found = importlib.import_module(f"deploy.commands.{module}")
        name = module.replace("_", "-")
        if isinstance(found.command, typer.Typer):
            for one in found.command.registered_commands:
                one.help = one.help or _flowing(one.callback)
            app.add_typer(found.command, name=name)
        else:
            app.command(name, help=_flowing(found.command))(found.command)


_register()


def main() -> None:
    """Run the command; a user's mistake ends in a sentence, not in a traceback."""
    try:
        app()
    except StoreError as error:
        err.print(f"[bold red]Store:[/bold red] {escape(str(error))}")
        sys.exit(2 if isinstance(error, StoreNameError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
