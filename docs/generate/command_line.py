"""The reference of the command line, from the commands' own help."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from docs.generate.markdown import NOTE, cell, table
from hwsim import cli

TYPES: dict[Any, str] = {int: "NUMBER", float: "NUMBER", str: "TEXT", Path: "PATH", list[str]: "TEXT"}


def command_line() -> str:
    parts = ["# The command line\n", NOTE.format("the commands' own help")]
    group = typer.main.get_command(cli.app)
    parts += [f"{plain(group.help or '')}\n", *commands(group, ("hwsim",))]
    return "\n".join(parts)


def commands(group: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Every command below a group, in the group's order."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield described(command, (*path, name))


def described(command: Any, path: tuple[str, ...]) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    told = " ".join([" ".join(path), *(metavar(p) for p in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"## {' '.join(path)}\n", f"    {told}\n", f"{plain(command.help or '')}\n"]
    rows = [(f"`{metavar(p)}`", cell(p.help or "")) for p in arguments]
    rows += [(option(p), meaning(p)) for p in options]
    return "\n".join([*parts, table(("argument, option", "meaning"), rows)])


def metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper()) + ("..." if argument.nargs == -1 else "")


def option(one: Any) -> str:
    names = ", ".join(f"`{name}`" for name in sorted([*one.opts, *one.secondary_opts], key=len))
    return names if one.is_flag else f"{names} {one.metavar or TYPES[one.type_descriptor.annotation]}"


def meaning(one: Any) -> str:
    shown = one.show_default is not False and one.default not in (None, False) and not callable(one.default)
    return cell(f"{one.help or ''}{f' Default: {one.default}.' if shown else ''}")


def plain(text: str) -> str:
    """Help as Markdown: its examples, one a paragraph there, as lines of a block."""
    lines = inspect.cleandoc(text).replace("\b", "").splitlines()
    told: list[str] = []
    for line in lines:
        if re.fullmatch(r"`hwsim [^`]+`", line):
            while told and not told[-1]:
                told.pop()
            told += ([] if told[-1].startswith("    ") else [""]) + [f"    {line.strip('`')}"]
        else:
            told.append(line)
    return "\n".join(told).strip("\n")
