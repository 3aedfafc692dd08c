"""Engines on their own, for users with a trace and no network: ``hwsim replay ENGINE FILE -o OUT``.

One module an engine; what is heavy is imported when a command runs.
"""

import typer

from hwsim.replay import dram, noc, systolic

replay = typer.Typer(
    help="Run one engine of the simulator on a trace in a file.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
replay.command("systolic")(systolic.command)
replay.command("dram")(dram.command)
replay.command("noc")(noc.command)
