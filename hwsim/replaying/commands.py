"""What the commands of ``hwsim replay`` do with their arguments."""

from pathlib import Path

from hwsim.delivery import check_output, progress_bars, say
from hwsim.dram.table import load_dram
from hwsim.errors import HwsimError


def dram(
    trace: Path,
    output: Path,
    table: str,
    mapping: str | None,
    page_policy: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Replay a trace; print the summary; write the served trace and, if asked, the picture."""
    device = load_dram(table).changed(mapping, page_policy)
    for path in (output, *((plot,) if plot else ())):
        if path.is_dir():
            raise HwsimError(f"{path}: is a directory; name a file")
        check_output(path.parent)
    if plot is not None and plot.suffix != ".png":
        raise HwsimError(f"--plot {plot}: the picture is a .png")
    from hwsim.replaying import dram as engine

    with progress_bars() as progress:
        totals, latencies = engine.replay(trace, output, device, progress)
    values = engine.summary(device, totals)
    engine.show(values, as_json)
    if plot is not None:
        from hwsim.report import latency

        latency.draw(plot, f"{device.name}: {trace.name}", latencies.columns())
    if not as_json:
        say(f"served: {output}")
        if plot is not None:
            say(f"plot: {plot}")
