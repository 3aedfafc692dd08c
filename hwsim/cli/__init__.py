"""The command line, a module a command: arguments to function calls, no logic.

Heavy imports wait until a command runs.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from hwsim.cli.compare import compare
from hwsim.cli.estimate import estimate
from hwsim.cli.explore import combine, explore
from hwsim.cli.inspect import inspect
from hwsim.cli.learn import learn
from hwsim.cli.learn_cost import learn_cost
from hwsim.cli.list import list_
from hwsim.cli.map import map_
from hwsim.cli.ops import ops
from hwsim.cli.quantize import quantize
from hwsim.cli.report import report
from hwsim.cli.reproduce import reproduce
from hwsim.cli.search import search
from hwsim.cli.select import select
from hwsim.cli.train import train
from hwsim.errors import HwsimError, HwsimWarning, printable
from hwsim.replay import replay

app = typer.Typer(
    help="What a trained spiking network costs on a neuromorphic chip, from its own spikes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(search, name="search")
app.add_typer(replay, name="replay")
COMMANDS: dict[str, Callable[..., None]] = {
    "estimate": estimate, "compare": compare, "inspect": inspect, "ops": ops, "map": map_,
    "train": train, "learn": learn, "learn-cost": learn_cost,
    "quantize": quantize, "select": select, "explore": explore, "combine": combine,
    "report": report, "reproduce": reproduce, "list": list_,
}  # fmt: skip
for name, command in COMMANDS.items():
    app.command(name)(command)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        import hwsim

        typer.echo(hwsim.__version__)
        raise typer.Exit


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """hwsim's own warnings are one line on stderr."""
    where = "" if issubclass(category, HwsimWarning) else f"{filename}:{lineno}: {category.__name__}: "
    print(printable(f"warning: {where}{message}"), file=sys.stderr)  # noqa: T201


def main() -> None:
    """Run the command line; errors of hwsim are one message on stderr and exit status 2."""
    warnings.showwarning = _show
    try:
        app()
    except HwsimError as error:
        print(printable(f"error: {error}"), file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(141)
