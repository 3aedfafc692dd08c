"""Options of the price: tables of whole chips, scaling, areas of one's own, SRAM cells."""

from pathlib import Path

import pytest

from hwsim import hardware
from hwsim.cost import COMPONENTS, scaling
from tests.cli.running import Command


def test_a_scaled_table_prices_the_same_run(estimate: Command) -> None:
    plain = estimate("--table", "horowitz45", "--json").json
    scaled = estimate("--table", "horowitz45", "--node", "28", "--vdd", "0.8", "--json").json
    factor = scaling().energy_factor((45, 0.9), (28, 0.8))
    assert scaled["table"] == "horowitz45@28nm_0.8V"
    assert (scaled["prices"]["node_nm"], scaled["prices"]["voltage_v"]) == (28, 0.8)
    assert scaled["counts"] == plain["counts"]
    assert scaled["energy_pj"]["pe_array"] == pytest.approx(factor * plain["energy_pj"]["pe_array"])
    assert scaled["energy_pj"]["dram"] == plain["energy_pj"]["dram"]
    assert any("scaled from 45 nm, 0.9 V to 28 nm, 0.8 V" in told for told in scaled["caveats"])


def test_the_default_table_scales_too(estimate: Command) -> None:
    assert estimate("--node", "16", "--json").json["table"] == "sata_kernels@16nm"
    assert estimate("--vdd", "0.8", "--json").json["table"] == "sata_kernels@28nm_0.8V"


def test_every_table_of_a_comparison_is_scaled(files: Path, hwsim: Command) -> None:
    ran = hwsim(
        "compare", f"{files / 'net.py'}:build", "--weights", files / "weights.safetensors",
        "--inputs", files / "images.npz", "--samples", "1", "--timesteps", "2",
        "--table", "horowitz45,synthesis45", "--node", "22", "--area", "lif_unit=200", "--json",
    )  # fmt: skip
    rows = ran.json["rows"]
    assert [row["table"] for row in rows] == ["horowitz45@22nm", "synthesis45@22nm"]
    for row in rows:
        assert row["area"]["sources"]["own"]["lif_units"] == 128 * 200
        assert {area["node_nm"] for area in row["area"]["sources"].values()} == {22}


def test_a_whole_chip_prices_synaptic_operations_and_has_no_ann(estimate: Command, tmp_path: Path) -> None:
    values = estimate("--table", "synop_odin", "--json", "-o", tmp_path / "out").json
    spent = (values["totals"]["ac"] + values["totals"]["mac"]) * 12.7
    assert values["totals"]["energy_pj"] == pytest.approx(spent)
    assert set(values["energy_pj"]) == {*COMPONENTS, "synaptic_operations"}
    assert values["per_sample"]["energy_pj"]["mean"] * values["samples"] == pytest.approx(spent)
    assert values["ann"] is None
    assert "synaptic operations of a spiking chip alone" in values["ann_missing"]
    assert values["unpriced"] == []
    header = (tmp_path / "out" / "layers.csv").read_text().splitlines()[0]
    assert "synaptic_operations_pj" in header.split(",")
    assert "synaptic operations" in (tmp_path / "out" / "report.html").read_text()


def test_areas_of_ones_own_stand_beside_the_others(estimate: Command) -> None:
    area = estimate("--area", "lif_unit=258.4,accumulator=96.9", "--json").json["area"]
    assert list(area["sources"]) == ["kernels", "fitted", "synthesis", "own"]
    assert area["sources"]["own"]["lif_share"] == pytest.approx(258.4 / (258.4 + 96.9))
    assert "area by own at 28 nm" in estimate("--area", "lif_unit=258.4").out


def test_standing_energy_is_told_beside_the_dynamic_one(estimate: Command) -> None:
    values = estimate("--table", "synthesis45", "--json").json
    standing, totals = values["standing"], values["totals"]
    assert set(standing["power_mw"]) == {"sram_leakage", "logic_leakage", "clock"}
    for name, power in standing["power_mw"].items():
        assert standing["energy_pj"][name] == pytest.approx(power * totals["latency_ns"])
    assert standing["energy_pj"]["dram"] == totals["dram_standing_pj"] > 0
    assert totals["standing_pj"] == pytest.approx(sum(standing["energy_pj"].values()))
    assert sum(values["energy_pj"].values()) == pytest.approx(totals["energy_pj"])
    assert (
        "beside this, standing energy of an inference: sram_leakage" in estimate("--table", "synthesis45").out
    )


@pytest.mark.parametrize("cell_type", ["itrs-lstp", "itrs-hp"])
def test_the_cells_of_a_chip_are_part_of_its_result(
    estimate: Command, tmp_path: Path, cell_type: str
) -> None:
    text = (hardware.TABLES / "sata.yaml").read_text()
    path = tmp_path / "chip.yaml"
    path.write_text(text.replace("buffers:\n", f"buffers:\n  cell_type: {cell_type}\n", 1))
    values = estimate("--hardware", path, "--json").json
    assert values["prices"]["sram"] == {"node_nm": 32, "cell_type": cell_type}
    assert values["hardware"]["buffers"]["cell_type"] == cell_type
    plain = estimate("--json").json
    assert plain["prices"]["sram"] == {"node_nm": 32, "cell_type": "itrs-lop"}
    assert values["energy_pj"]["weight_buffer"] != plain["energy_pj"]["weight_buffer"]
