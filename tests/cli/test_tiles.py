"""``hwsim estimate`` on chips of many tiles with arrays."""

import json
from pathlib import Path

import pytest

from hwsim.configuration import save_yaml
from hwsim.dram.table import load_dram
from hwsim.hardware import Hardware, load_hardware
from tests.cli.running import HIDDEN, POOLED, SAMPLES, STEPS, Command, numbers, told


@pytest.fixture
def on_tiles(estimate: Command) -> Command:
    return lambda *options: estimate("--hardware", "mesh-sata", *options)


def test_the_object_has_ticks_packets_and_one_table(on_tiles: Command) -> None:
    found = on_tiles("--json").json
    # (E2, F1) the convolution is 1 tick after the input, the pool 2, the readout 3
    assert (found["samples"], found["ticks"], max(found["depth"].values())) == (SAMPLES, STEPS + 3, 3)
    assert found["totals"]["updates"] == SAMPLES * STEPS * (HIDDEN + POOLED + 3)
    assert [row["prices"] for row in found["energy"]] == ["sata_kernels"]
    assert (found["chip"]["barrier"], found["chip"]["weight_bits"], found["chip"]["cores"]) == ("tick", 8, 16)
    assert sum(found["time"].values()) == found["placement"]["cores_used"] * found["totals"]["cycles"]


def test_components_counts_and_layers_add_up_to_the_energy(on_tiles: Command) -> None:
    found = on_tiles("--json").json
    (row,) = found["energy"]
    # (F6) actions of tiles at a tile's prices, and packets and links as in T4
    assert row["total_pj"] == pytest.approx(sum(row["energy_pj"].values()))
    unit = row["unit_energy_pj"]
    assert row["total_pj"] == pytest.approx(sum(n * (unit[item] or 0.0) for item, n in row["counts"].items()))
    assert row["per_tick_pj"] == pytest.approx(row["total_pj"] / (SAMPLES * (STEPS + 3)))
    totals = found["totals"]
    hops = [row["counts"][name] for name in ("source_router", "hop_x", "hop_y")]
    assert hops == [totals[name] for name in ("sent", "links_x", "links_y")]
    on_layers = sum(sum(layer["energy_pj"].values()) for layer in found["layers"])
    assert on_layers + row["energy_pj"]["hops"] == pytest.approx(row["total_pj"])
    updates = sum(layer["counts"].get("lif_update", 0) for layer in found["layers"])
    assert updates == SAMPLES * STEPS * HIDDEN


def test_weights_come_once_and_their_energy_is_apart(on_tiles: Command) -> None:
    found = on_tiles("--json").json
    cold = found["cold_start"]
    # (F5) 4 x 9 bytes of the convolution and 3 x 64 of the readout, in whole bursts of 64
    assert (sum(cold["channel_bytes"]), len(cold["channel_bytes"])) == (64 + 192, 4)
    assert cold["latency_ns"] == cold["cycles"] * 2.5
    assert cold["energy_pj"] > 0 == found["energy"][0]["energy_pj"]["dram"]


def test_a_person_reads_time_energy_and_the_cold_start(on_tiles: Command) -> None:
    ran = on_tiles()
    assert (ran.code, ran.err) == (0, "")
    for text in (
        "per tick",
        "sata_kernels",
        "pe_array",
        "hops",
        "of 16 tiles",
        "cold start, not in these: 256",
    ):
        assert text in ran.out
    assert "running all on one" not in ran.out


def test_files_give_the_same_run_again(on_tiles: Command, estimate: Command, tmp_path: Path) -> None:
    ran = on_tiles("-o", tmp_path / "out", "--timeline", tmp_path / "ticks.json")
    assert ran.code == 0
    written = {path.name for path in (tmp_path / "out").iterdir()}
    values = {"chip.json", "network.safetensors", "hardware.yaml", "mapping.yaml"}
    assert written == values | {"page.html", "links.png", "ticks.png"}
    events = json.loads((tmp_path / "ticks.json").read_text())["traceEvents"]
    assert {event["ph"] for event in events} == {"M", "X", "C"}
    page = (tmp_path / "out" / "page.html").read_text()
    assert "cold start" in page
    assert "event-driven" not in page
    first = json.loads((tmp_path / "out" / "chip.json").read_text())
    same = ("--hardware", tmp_path / "out" / "hardware.yaml", "--mapping", tmp_path / "out" / "mapping.yaml")
    again = estimate(*same, "--json").json
    assert again["placement"] == first["placement"] | {"algorithm": "given"}
    for part in ("totals", "energy", "cold_start", "layers"):
        assert again[part] == first[part]


def test_a_chip_with_a_dram_file_is_written_with_it(estimate: Command, tmp_path: Path) -> None:
    save_yaml(tmp_path / "mine.yaml", load_dram("ddr4_2400"))
    chip = load_hardware("mesh-sata").model_dump()
    own = Hardware.model_validate(chip | {"dram": {"table": str(tmp_path / "mine.yaml")}})
    save_yaml(tmp_path / "own.yaml", own)
    assert estimate("--hardware", tmp_path / "own.yaml", "-o", tmp_path / "out").code == 0
    text = (tmp_path / "out" / "chip.json").read_text()
    assert str(tmp_path) not in text
    again = estimate("--hardware", tmp_path / "out" / "hardware.yaml", "--json").json
    assert again["cold_start"] == json.loads(text)["cold_start"]


def test_the_barrier_changes_when_and_not_what(on_tiles: Command) -> None:
    # (E6) none has marks and no latency
    found = {barrier: on_tiles("--barrier", barrier, "--json").json for barrier in ("tick", "none")}
    assert found["none"]["chip"]["barrier"] == "none"
    for name in ("updates", "fired", "synapses", "spikes_sent"):
        assert found["none"]["totals"][name] == found["tick"]["totals"][name]
    assert found["none"]["layers"] == found["tick"]["layers"]
    assert found["none"]["per_tick"]["barrier_share"] == 0 < found["tick"]["per_tick"]["barrier_share"]


def test_skip_and_table_are_of_tiles_too(on_tiles: Command) -> None:
    plain = on_tiles("--json").json
    other = on_tiles("--skip", "dense", "--table", "horowitz45", "--json").json
    assert other["chip"]["pe_array"]["skip"] == "dense"
    assert [row["prices"] for row in other["energy"]] == ["horowitz45"]
    assert other["totals"]["fired"] == plain["totals"]["fired"]


def test_one_tile_is_the_estimate_of_that_tile_alone(
    on_tiles: Command, estimate: Command, tmp_path: Path
) -> None:
    found = on_tiles("--one-tile", "--json").json
    (caveat,) = [text for text in found["caveats"] if "tiles" in text]
    assert caveat == "the chip has 16 tiles; these are the costs of running all on one"
    chip = load_hardware("mesh-sata")
    save_yaml(tmp_path / "tile.yaml", chip.model_copy(update={"grid": None}))
    alone = estimate("--hardware", tmp_path / "tile.yaml", "--json").json
    same = numbers(found) | {"caveats": [text for text in found["caveats"] if text != caveat]}
    assert same == numbers(alone)


@pytest.mark.parametrize("gone", ["ticks", "tiles"])
def test_a_grid_without_ticks_or_of_one_tile_is_one_tile(
    estimate: Command, tmp_path: Path, gone: str
) -> None:
    chip = load_hardware("mesh-sata")
    assert chip.grid is not None
    left = {"ticks": None} if gone == "ticks" else {"width": 1, "height": 1}
    save_yaml(tmp_path / "own.yaml", chip.model_copy(update={"grid": chip.grid.model_copy(update=left)}))
    assert "per_sample" in estimate("--hardware", tmp_path / "own.yaml", "--json").json


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--batch", "2"), ("--schedule", "step_major"), ("--dram", "bandwidth"),
        ("--objective", "cycles"), ("--fold-order", "auto"), ("--sample-loop", "inner"), ("--batch-on", "M"),
        ("--direct-coding", "once"),
    ],
)  # fmt: skip
def test_an_option_of_one_tile_is_refused(on_tiles: Command, option: str, value: str) -> None:
    assert on_tiles(option, value).error == (
        f"{option}: of one tile; the 16 of mesh-sata run tick by tick (docs/chip.md); "
        "--one-tile estimates one alone"
    )


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--prices", "loihi_sanafe"),
            "--prices: of chips of event-driven cores (loihi, truenorth); --table",
        ),
        (("--barrier", "ticks"), "--barrier 'ticks'. Did you mean 'tick'?"),
        (("--table", "horowitz"), "unknown table 'horowitz'. Did you mean 'horowitz45'?"),
        (
            ("--engine", "reference"),
            "--engine reference: of event-driven cores and of one tile (--one-tile); allowed on all tiles of "
            "mesh-sata: kernel",
        ),
        (("--timeline", "ticks.txt"), "--timeline ticks.txt: its name must end in .json"),
        (("--one-tile", "--barrier", "tick"), "--barrier: of chips of many cores; of mesh-sata one tile"),
    ],
)
def test_a_wrong_choice_ends_before_any_work(
    on_tiles: Command, options: tuple[str, ...], message: str
) -> None:
    assert on_tiles(*options).error.startswith(message)


@pytest.mark.usefixtures("nothing_long")
def test_one_tile_is_refused_for_event_driven_cores(estimate: Command) -> None:
    assert estimate("--hardware", "loihi", "--one-tile").error == (
        "--one-tile: of chips of tiles; loihi is one of event-driven cores (docs/chip.md)"
    )


@pytest.mark.usefixtures("nothing_long")
def test_a_mapping_with_more_than_a_placement_is_refused(on_tiles: Command, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("schedule: step_major\n")
    assert on_tiles("--mapping", tmp_path / "m.yaml").error.endswith(
        "m.yaml: schedule: on a chip of many cores only placement counts"
    )


def test_a_placement_of_hwsim_map_is_taken(
    hwsim: Command, on_tiles: Command, files: Path, tmp_path: Path
) -> None:
    how = ("--hardware", "mesh-sata", "--algorithm", "row_major", "-o", tmp_path / "m.yaml", "--json")
    mapped = hwsim("map", *told(files), *how).json
    found = on_tiles("--mapping", tmp_path / "m.yaml", "--json").json
    assert found["placement"]["algorithm"] == "given"
    assert found["placement"]["spike_hops"] / SAMPLES == mapped["placements"][0]["spike_hops"]


def test_areas_of_ones_own_stand_beside_those_of_a_tile(on_tiles: Command) -> None:
    found = on_tiles("--area", "lif_unit=258.4,accumulator=96.9", "--samples", "1", "--json").json
    area = found["tile_area"]
    assert list(area["sources"]) == ["kernels", "fitted", "synthesis", "own"]
    # a LIF unit and an accumulator for each of 8 x 16 PEs
    assert area["sources"]["own"]["lif_share"] == pytest.approx(258.4 / (258.4 + 96.9))
    assert area["tiles"] == 16
    # the chip's own total is that of its table
    assert found["area"]["um2"]["lif_units"] == pytest.approx(16 * 128 * 129.2)


@pytest.mark.usefixtures("nothing_long")
def test_an_area_that_no_tile_has_is_refused(on_tiles: Command) -> None:
    assert on_tiles("--area", "multiply=3").error.startswith(
        "--area multiply: without effect, no multipliers in mesh-sata"
    )
