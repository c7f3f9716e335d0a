"""The commands of ``headwind``: one file each, named after the command.

A file has a function ``command`` whose docstring is its help, or a ``typer.Typer`` of that
name where the command has commands of its own.
"""
