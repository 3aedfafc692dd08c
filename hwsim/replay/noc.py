"""``hwsim replay noc``: when a network-on-chip delivers the packets of a file, or how it bears a load."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="CSV to write: a row for each tile that a packet reaches, or a row a rate with --pattern.",
        ),
    ],
    trace: Annotated[
        Path | None,
        typer.Argument(
            help="Lines of cycle, source tile, destination tile and, if it is not --packet-size, flits, "
            "separated by blanks; sorted by cycle; # begins a comment. The destination of a packet of one "
            "flit can be several tiles, e.g. 5+9+14.",
            show_default=False,
        ),
    ] = None,
    table: Annotated[str, typer.Option(help="A network (hwsim list noc) or a .yaml file.")] = "booksim",
    topology: Annotated[
        str | None, typer.Option(help="mesh or torus. Default: the table's.", show_default=False)
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Tiles as WxH, e.g. 8x8. Default: the table's.", show_default=False)
    ] = None,
    routing: Annotated[
        str | None, typer.Option(help="xy or yx. Default: the table's.", show_default=False)
    ] = None,
    vcs: Annotated[
        int | None,
        typer.Option(help="Virtual channels of a port, 1 to 16. Default: the table's.", show_default=False),
    ] = None,
    buffer: Annotated[
        int | None,
        typer.Option(help="Flits of a channel's buffer, 1 to 64. Default: the table's.", show_default=False),
    ] = None,
    delay: Annotated[
        list[str] | None,
        typer.Option(
            help="Cycles of a stage or wire as name=cycles, e.g. routing=0, link=2; names: routing, "
            "vc_allocation, switch_allocation, switch_traversal, credit, link, credit_link, injection, "
            "ejection; link_y and credit_link_y for wires along y, else as along x. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    receive_queue: Annotated[
        int | None,
        typer.Option(help="Flits of a tile's receive queue. Default: the table's.", show_default=False),
    ] = None,
    drain: Annotated[
        int | None,
        typer.Option(
            help="Cycles in which a tile takes a flit out of it. Default: the table's.", show_default=False
        ),
    ] = None,
    multicast: Annotated[
        str | None,
        typer.Option(
            help="A packet to several tiles goes as tree or as copies. Default: the table's.",
            show_default=False,
        ),
    ] = None,
    packet_size: Annotated[int, typer.Option(help="Flits of a packet.", min=1)] = 1,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="In place of a trace: uniform, transpose, complement, tornado, neighbor or hotspot.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Loads in flits per tile and cycle, e.g. 0.05,0.1,0.2.", show_default=False),
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds of the pattern, e.g. 1,2,3.")] = "1",
    warmup: Annotated[int, typer.Option(help="Cycles before a load is measured.", min=0)] = 6000,
    window: Annotated[int, typer.Option(help="Cycles of each of 5 to 20 windows measured.", min=1)] = 2000,
    plot: Annotated[
        Path | None,
        typer.Option(help="With --pattern: draw the curve, a .png or .svg file.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Send packets through a mesh or torus of routers, flit by flit: when each enters and arrives.

    A packet to several tiles (destination 5+9+14) forks on its way, or goes as copies (--multicast).
    With a pattern: mean latency and throughput under loads, each measured until 95 % sure within 1 %.
    docs/noc.md has the rules.

    **Examples**

    `hwsim replay noc trace.txt -o packets.csv --size 8x8 --vcs 4 --buffer 8 --packet-size 1`

    `hwsim replay noc trace.txt -o packets.csv --topology torus --size 16x4 --routing yx --delay link=2`

    `hwsim replay noc --pattern uniform --rate 0.05,0.1,0.2,0.3,0.4 -o curve.csv --plot curve.png`
    """
    from hwsim import delivery
    from hwsim.noc.curves import Method
    from hwsim.replay import noc_load, noc_replay

    with delivery.interruptible():
        chosen = noc_replay.network(
            table, size, delay, topology=topology, routing=routing, virtual_channels=vcs,
            buffer_flits=buffer, receive_queue_flits=receive_queue, drain_cycles=drain,
            multicast=multicast,
        )  # fmt: skip
        if noc_replay.from_trace(trace, pattern, rate, plot, multicast):
            assert trace is not None
            noc_replay.deliver(trace, output, chosen, packet_size, as_json)
        else:
            load = noc_load.asked(str(pattern), str(rate), seeds, packet_size, Method(warmup, window))
            noc_load.deliver(output, chosen, load, plot, as_json)
