"""``hwsim estimate`` and ``hwsim map`` on chips of event-driven cores."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from hwsim.chip.config import Chip, load_chip
from hwsim.chip.prices import load_prices
from hwsim.configuration import save_yaml
from hwsim.manycore import command
from hwsim.mapping import load_mapping
from hwsim.noc.config import load_noc
from tests.cli.running import HIDDEN, POOLED, SAMPLES, STEPS, Command, told


@pytest.fixture
def on_loihi(estimate: Command) -> Command:
    return lambda *options: estimate("--hardware", "loihi", *options)


def test_the_object_has_counts_time_and_both_rows_of_prices(on_loihi: Command) -> None:
    found = on_loihi("--json").json
    # (E2) the convolution is 1 tick after the input, the pool 2, the readout 3: T - 1 + 3 + 1 ticks
    assert (found["samples"], found["ticks"], max(found["depth"].values())) == (SAMPLES, STEPS + 3, 3)
    # (E3) all neurons in every step
    assert found["totals"]["updates"] == SAMPLES * STEPS * (HIDDEN + POOLED + 3)
    assert [row["prices"] for row in found["energy"]] == ["loihi_davies2018", "loihi_sanafe"]
    for row in found["energy"]:
        assert row["total_pj"] == pytest.approx(sum(row["energy_pj"].values()))
        assert row["total_pj"] == pytest.approx(sum(sum(spent) for spent in row["by_tick_pj"].values()))
    assert sum(found["time"].values()) == found["placement"]["cores_used"] * found["totals"]["cycles"]
    for name in ("fired", "sent", "synapses_conv"):
        assert sum(tick[name] for tick in found["by_tick"]) == found["totals"][name]


def test_energy_by_a_row_is_its_counts_times_its_prices(on_loihi: Command) -> None:
    (row,) = on_loihi("--json", "--prices", "loihi_sanafe").json["energy"]
    unit = {item: pj or 0.0 for item, pj in row["unit_energy_pj"].items()}
    assert row["total_pj"] == pytest.approx(sum(n * unit[item] for item, n in row["counts"].items()))
    assert row["unpriced"] == ["barrier", "static"]


def test_a_person_reads_time_causes_and_energy_by_row(on_loihi: Command) -> None:
    ran = on_loihi()
    assert (ran.code, ran.err) == (0, "")
    for text in ("per tick", "spikes", "synaptic operations", "links crossed", "barrier", "loihi_davies2018"):
        assert text in ran.out
    assert "not priced by loihi_davies2018: receive, barrier, static" in ran.out


def test_files_are_the_object_the_page_and_pictures(on_loihi: Command, tmp_path: Path) -> None:
    ran = on_loihi("-o", tmp_path / "out", "--timeline", tmp_path / "ticks.json")
    assert ran.code == 0
    written = {path.name for path in (tmp_path / "out").iterdir()}
    values = {"chip.json", "network.safetensors", "hardware.yaml", "mapping.yaml"}
    assert written == values | {"page.html", "links.png", "ticks.png"}
    found = json.loads((tmp_path / "out" / "chip.json").read_text())
    assert found["chip"]["name"] == "loihi"
    events = json.loads((tmp_path / "ticks.json").read_text())["traceEvents"]
    assert {event["ph"] for event in events} == {"M", "X", "C"}


def test_the_trace_does_not_take_the_place_of_the_result(on_loihi: Command, tmp_path: Path) -> None:
    found = on_loihi("-o", str(tmp_path / "o"), "--timeline", str(tmp_path / "o" / "chip.json"))
    assert found.code == 2
    assert "is both result and timeline; name another file" in found.err
    assert not (tmp_path / "o" / "chip.json").exists()


def test_a_page_asks_for_nothing_and_runs_its_own_script_alone(on_loihi: Command, tmp_path: Path) -> None:
    on_loihi("-o", tmp_path / "out")
    page = (tmp_path / "out" / "page.html").read_text()
    assert "default-src 'none'" in page
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "<script" not in page.replace("<script>", "", 1)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page


def test_the_written_chip_and_mapping_give_the_same_run(
    on_loihi: Command, estimate: Command, tmp_path: Path
) -> None:
    on_loihi("-o", tmp_path / "out")
    first = json.loads((tmp_path / "out" / "chip.json").read_text())
    told = ("--hardware", tmp_path / "out" / "hardware.yaml", "--mapping", tmp_path / "out" / "mapping.yaml")
    again = estimate(*told, "--json").json
    assert again["placement"] == first["placement"] | {"algorithm": "given"}
    assert (again["totals"], again["energy"]) == (first["totals"], first["energy"])


def test_a_chip_with_files_of_its_own_is_written_with_them(estimate: Command, tmp_path: Path) -> None:
    chip = load_chip("loihi")
    save_yaml(tmp_path / "wires.yaml", load_noc("loihi").changed(delays={"link": 9}))
    grid = chip.grid.model_dump() | {"noc": str(tmp_path / "wires.yaml")}
    save_yaml(tmp_path / "own.yaml", Chip.model_validate(chip.model_dump() | {"grid": grid}))
    first = estimate("--hardware", tmp_path / "own.yaml", "-o", tmp_path / "out")
    assert first.code == 0
    assert str(tmp_path) not in (tmp_path / "out" / "chip.json").read_text()
    found = json.loads((tmp_path / "out" / "chip.json").read_text())
    again = estimate("--hardware", tmp_path / "out" / "hardware.yaml", "--json").json
    assert again["chip"]["network"]["delays"]["link"] == 9
    assert again["totals"] == found["totals"]


def test_a_placement_of_hwsim_map_is_taken(
    hwsim: Command, on_loihi: Command, files: Path, tmp_path: Path
) -> None:
    how = ("--hardware", "loihi", "--algorithm", "hilbert", "-o", tmp_path / "m.yaml", "--json")
    mapped = hwsim("map", *told(files), *how).json
    found = on_loihi("--mapping", tmp_path / "m.yaml", "--json").json
    assert found["placement"]["cores_used"] == mapped["cores"]["used"]
    assert found["placement"]["spike_hops"] / SAMPLES == mapped["placements"][0]["spike_hops"]
    assert load_mapping(tmp_path / "m.yaml").placement


def test_names_of_price_files_may_have_commas(on_loihi: Command, tmp_path: Path) -> None:
    own = load_prices("loihi_sanafe")
    save_yaml(tmp_path / "mine, fitted, twice.yaml", own.model_copy(update={"name": "mine"}))
    listed = f"loihi_sanafe, {tmp_path / 'mine, fitted, twice.yaml'}"
    rows = on_loihi("--prices", listed, "--json").json["energy"]
    assert [row["prices"] for row in rows] == ["loihi_sanafe", "mine"]
    assert rows[0]["total_pj"] == rows[1]["total_pj"]


@pytest.mark.usefixtures("nothing_long")
def test_two_rows_of_prices_of_one_name_and_one_without_a_name_are_refused(
    on_loihi: Command, tmp_path: Path
) -> None:
    own, path = load_prices("loihi_sanafe"), tmp_path / "mine.yaml"
    save_yaml(path, own)
    assert on_loihi("--prices", f"loihi_sanafe,{path}").error == (
        f"--prices: loihi_sanafe and {path} are both named 'loihi_sanafe'; rename one"
    )
    save_yaml(path, own.model_copy(update={"name": " "}))
    assert on_loihi("--prices", path).error == f"{path}: name: found ' ', allowed: any text but none"


def test_the_barrier_changes_when_and_not_what(on_loihi: Command) -> None:
    # (E2) what is sent in one tick is used in a later one, whatever ends a tick
    found = {barrier: on_loihi("--barrier", barrier, "--json").json for barrier in ("tick", "layer", "none")}
    for barrier, values in found.items():
        assert values["chip"]["core"]["barrier"] == barrier
        for name in ("updates", "fired", "touched", "synapses", "local", "spikes_sent"):
            assert values["totals"][name] == found["tick"]["totals"][name]
    assert found["none"]["per_tick"]["barrier_share"] == 0 < found["tick"]["per_tick"]["barrier_share"]
    assert found["none"]["totals"]["marks"] > 0 == found["tick"]["totals"]["marks"]


def test_a_chip_of_ones_own_is_priced_by_the_rows_of_its_node_with_a_word_of_it(
    estimate: Command, tmp_path: Path
) -> None:
    save_yaml(tmp_path / "own.yaml", load_chip("loihi").model_copy(update={"name": "mine"}))
    found = estimate("--hardware", tmp_path / "own.yaml", "--json").json
    assert [row["prices"] for row in found["energy"]] == ["loihi_davies2018", "loihi_sanafe"]
    assert found["energy"][0]["caveats"] == ["prices loihi_davies2018 are those of the chip loihi"]


def test_truenorth_ticks_in_real_time(estimate: Command) -> None:
    # (E6) each tick but the last is held back to 1 ms; every neuron of this network reaches one core
    found = estimate("--hardware", "truenorth", "--json").json
    whole = [tick["time_ns"] for tick in found["by_tick"][:-1]]
    assert whole == [SAMPLES * 1e6] * (STEPS + 2)
    assert found["time"]["real_time"] > 0.9 * sum(found["time"].values())
    marginal = next(row for row in found["energy"] if row["prices"] == "truenorth_marginal")
    assert marginal["energy_pj"]["static"] == pytest.approx(64.4 * found["totals"]["latency_ns"])


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--batch", "2"), ("--schedule", "step_major"), ("--dram", "bandwidth"), ("--table", "horowitz45"),
        ("--skip", "event"), ("--objective", "cycles"), ("--fold-order", "auto"),
        ("--sample-loop", "inner"), ("--batch-on", "M"), ("--direct-coding", "once"),
    ],
)  # fmt: skip
def test_an_option_of_tiles_is_refused(on_loihi: Command, option: str, value: str) -> None:
    assert on_loihi(option, value).error == (
        f"{option}: of chips of tiles; loihi is one of event-driven cores (docs/chip.md)"
    )


def test_the_reference_gives_the_same_estimate(on_loihi: Command) -> None:
    fast, slow = (
        on_loihi("--samples", "2", "--engine", engine, "--json").json for engine in ("kernel", "reference")
    )
    assert slow["provenance"]["engine"] == "reference"
    assert slow["agreement"]["trusted"]
    for name in fast.keys() - {"provenance", "agreement"}:
        assert slow[name] == fast[name], name


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("option", "value"), [("--barrier", "tick"), ("--prices", "loihi_sanafe"), ("--timeline", "ticks.json")]
)
def test_an_option_of_cores_is_refused_for_tiles(estimate: Command, option: str, value: str) -> None:
    assert estimate(option, value).error == f"{option}: of chips of many cores; of sata one tile is estimated"


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--barrier", "ticks"), "--barrier 'ticks'. Did you mean 'tick'?"),
        (("--prices", "loihi"), "unknown prices 'loihi'."),
        (
            ("--prices", "loihi_sanafe,loihi_sanafe"),
            "--prices 'loihi_sanafe,loihi_sanafe': 'loihi_sanafe' is",
        ),
        (("--engine", "simpy"), "--engine 'simpy'. Known: kernel, reference"),
        (("--timeline", "ticks.txt"), "--timeline ticks.txt: its name must end in .json"),
        (("--mapping", "none.yaml"), "none.yaml: no such file"),
    ],
)
def test_a_wrong_choice_ends_before_any_work(
    on_loihi: Command, options: tuple[str, str], message: str
) -> None:
    assert on_loihi(*options).error.startswith(message)


@pytest.mark.usefixtures("nothing_long")
def test_a_mapping_for_tiles_is_refused_by_its_fields(on_loihi: Command, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("schedule: step_major\nbatch: 2\n")
    assert on_loihi("--mapping", tmp_path / "m.yaml").error.endswith(
        "m.yaml: schedule, batch: on a chip of many cores only placement counts"
    )


@pytest.mark.usefixtures("nothing_long")
def test_an_unknown_chip_is_looked_for_among_both_kinds(estimate: Command) -> None:
    assert "unknown hardware preset 'loihy'. Did you mean 'loihi'?" in estimate("--hardware", "loihy").error


def test_a_network_that_does_not_fit_says_where_and_by_how_much(estimate: Command, tmp_path: Path) -> None:
    # (G10) a neuron of the readout listens to the 64 of the pool
    chip = load_chip("truenorth")
    limits = chip.grid.limits.model_copy(update={"axons_in": 50})
    grid = chip.grid.model_copy(update={"limits": limits})
    save_yaml(tmp_path / "narrow.yaml", chip.model_copy(update={"grid": grid}))
    message = estimate("--hardware", tmp_path / "narrow.yaml").error
    assert message == (
        "population 'readout': axons_in: found 64 for one neuron alone, allowed 50 a core: 14 too many"
    )


def test_shared_states_are_refused(on_loihi: Command) -> None:
    assert "shares its states" in on_loihi("--sharing", "C2").error


def test_these_chips_are_listed_with_cores_limits_and_barrier(hwsim: Command) -> None:
    found = hwsim("list", "hardware", "--json").json["loihi"]
    assert (found["cores"], found["neurons_per_core"], found["axons_in"]) == (128, 1024, 4096)
    assert (found["barrier"], found["tick_ns"]) == ("tick", 0)
    lines = [line.split() for line in hwsim("list", "hardware").out.splitlines()]
    (line,) = (line for line in lines if line[:1] == ["loihi"])
    assert line[1:6] == ["128", "on", "8", "x", "4"]
    assert set(hwsim("list", "chip_energy", "--json").json) >= {"loihi_davies2018", "loihi_sanafe"}


def test_as_many_samples_run_as_are_told(hwsim: Command, files: Path) -> None:
    assert (
        hwsim("estimate", *told(files), "--hardware", "loihi", "--samples", "2", "--json").json["samples"]
        == 2
    )
    assert command.SAMPLES > SAMPLES
