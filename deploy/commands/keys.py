"""``headwind keys``."""

from __future__ import annotations

import typer

command = typer.Typer(help="Keys with which agencies send events.", no_args_is_help=True)
