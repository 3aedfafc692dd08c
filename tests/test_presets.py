"""Presets against what their papers say, and docs/hardware.md against the chips."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.cost import chip_area, load_table, unit_energies
from hwsim.cycle import reference
from hwsim.cycle.run import run
from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.grid import CoreLimits, Grid
from hwsim.hardware import Hardware, LifUnits, Precision, load_hardware, presets
from hwsim.ledger import CAUSE_COLUMNS
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.memories import Buffer, Buffers, Dram
from hwsim.network import Network, Population
from hwsim.pe_array import Decode, PEArray
from tests.examples import conv, dense, small_network

DOCS = Path(__file__).parent.parent / "docs" / "hardware.md"
TEXT = DOCS.read_text(encoding="utf-8")
PARTS: dict[str, type[Any]] = {
    "": Hardware,
    "pe_array.": PEArray,
    "pe_array.decode.": Decode,
    "lif.": LifUnits,
    "precision.": Precision,
    "buffers.": Buffers,
    "dram.": Dram,
    "grid.": Grid,
    "grid.limits.": CoreLimits,
}
AUTHORS = r"(Yin|Narayanan|Lee|Wei|Kim|Chen)\b.*20\d\d"
PAPERS = rf"{AUTHORS}|(SATA|SATA_Sim|SpinalFlow|PTB|LoAS|Prosperity|EfficientLIF-Net)\b"
WHOLE = ("pe_array", "pe_array.decode", "lif", "precision", "buffers", "dram", "grid", "grid.limits")


def fields() -> list[str]:
    named = [f"{part}{name}" for part, model in PARTS.items() for name in model.model_fields]
    return [*(name for name in named if name not in WHOLE), *Buffer.model_fields]


def row(name: str) -> str:
    """A chip's line in the table of presets."""
    chip = load_hardware(name)
    array, kib = chip.pe_array, [b.capacity_bytes / 1024 for b in list(chip.buffers.present().values())[:3]]
    cells = (
        name,
        f"{array.rows} {array.holds[0]} x {array.columns} {array.holds[1]}",
        array.dataflow,
        array.fill,
        array.streams,
        array.skip,
        array.window if array.window in (1, "all") else f"{array.window}, {array.time_lanes}",
        f"{chip.node_nm} nm",
        f"{chip.clock_hz / 1e6:g} MHz",
        ", ".join(f"{size:.7g}" for size in kib),
    )
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.parametrize("field", fields())
def test_the_documentation_names_every_field(field: str) -> None:
    assert f"`{field}`" in TEXT


@pytest.mark.parametrize("name", presets())
def test_the_documentation_tells_every_preset_as_it_is(name: str) -> None:
    assert row(name) in TEXT.splitlines()


def test_the_documentation_tells_no_preset_that_is_gone() -> None:
    table = TEXT.split("## Presets")[1]
    told = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert told[0] == "chip"
    assert sorted(told[2:]) == presets()


def test_the_chip_of_ten_lines_in_the_documentation_is_a_chip(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert len(text.splitlines()) == 10
    (tmp_path / "mine.yaml").write_text(text)
    assert load_hardware(str(tmp_path / "mine.yaml")).name == "mine"


# --- papers --------------------------------------------------------------------------------------


def test_spinalflows_filter_buffer_holds_a_row_of_weights_for_every_input_of_a_pass() -> None:
    chip = load_hardware("spinalflow")
    assert chip.pe_array.decode is not None
    # 4608 rows of 128 weights of 8 bits: 576 KiB
    assert chip.pe_array.decode.max_inputs == 9 * 512
    assert chip.buffers.weight.capacity_bytes == 4608 * 128
    assert chip.buffers.weight.word_bits == 128 * chip.precision.weight_bits


def test_a_position_on_spinalflow_waits_for_the_steps_of_the_one_before() -> None:
    # one sum a PE (S3: array_start(i) >= lif_end(i - 1)); one unit a PE: a step of 128 outputs a cycle (L1)
    chip = load_hardware("spinalflow")
    assert (chip.pe_array.partial_sum_banks, chip.lif_rate) == (1, 128)


def test_a_pass_of_ptb_covers_64_steps() -> None:
    array = load_hardware("ptb").pe_array
    assert (array.extent("N"), array.extent("T"), array.window) == (16, 8, 8)


def test_the_buffers_of_loas_are_its_cache_of_256_kib() -> None:
    buffers = load_hardware("loas").buffers
    assert sum(buffer.capacity_bytes for buffer in buffers.present().values()) == 256 * 1024
    assert buffers.weight.banks == 16
    assert load_hardware("loas").dram.bandwidth == 128 * 10**9


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_the_pe_system_of_efficientlif_differs_from_sata_in_its_lif_units_alone(groups: int) -> None:
    sata, found = load_hardware("sata"), load_hardware(f"efficientlif-128-c{groups}")
    # Fig. 10: 128 PEs, of which C#N needs one LIF unit for N
    assert found.lif.units == 128 // groups
    same = {"lif": sata.lif, "name": sata.name, "description": sata.description, "sources": sata.sources}
    assert found.model_copy(update=same) == sata


@pytest.mark.parametrize(
    ("name", "side"), [("efficientlif-accounting", 32), ("efficientlif-accounting-tiny", 64)]
)
def test_the_accounting_chip_keeps_all_weights_and_no_state(name: str, side: int) -> None:
    buffers = load_hardware(name).buffers
    assert buffers.weight.capacity_bytes >= 4 * 26_100_000  # ResNet19 at CIFAR size, 32 bits a weight
    assert buffers.membrane is not None
    # the largest memory that several layers share: VGG16's third and fourth, ResNet19's first stage
    assert buffers.membrane.capacity_bytes == 4 * 256 * (side // 2) ** 2
    # the smallest of 64 samples: VGG16's last layers, 512 channels at a sixteenth of the side
    assert buffers.membrane.capacity_bytes < 64 * 4 * 512 * (side // 16) ** 2


def test_the_systolic_anns_differ_in_their_dataflow_and_the_buffer_for_its_sums() -> None:
    plain = load_hardware("systolic-ann")
    for dataflow in ("ws", "is"):
        other = load_hardware(f"systolic-ann-{dataflow}")
        assert other.pe_array == plain.pe_array.model_copy(update={"dataflow": dataflow})
        assert other.buffers.model_copy(update={"partial_sum": None}) == plain.buffers


def test_the_chips_for_anns_have_multipliers() -> None:
    found = {name for name in presets() if load_hardware(name).pe_array.multipliers}
    assert found == {"eyeriss", "systolic-ann", "systolic-ann-ws", "systolic-ann-is"}


def test_eyeriss_has_168_multipliers_and_the_108_kib_of_its_global_buffer() -> None:
    chip = load_hardware("eyeriss")
    assert chip.pe_array.rows * chip.pe_array.columns == 168
    assert sum(buffer.capacity_bytes for buffer in chip.buffers.present().values()) == 108 * 1024


def streamed(name: str, network: Network, trace: EventTrace) -> int:
    """Cycles in which the PE array of a preset takes inputs in."""
    chip = load_hardware(name)
    ledger = run(Lowering(network, chip, Mapping()).lower(trace, range(1)), chip)
    return int(ledger.cycles[:, CAUSE_COLUMNS.index(("array", "stream"))].sum())


def test_eyeriss_takes_each_step_of_each_position_for_14_inputs_of_12_channels() -> None:
    """64 positions of 5 steps, K = 9 * 4 = 36 in 3 tiles of 14, 30 channels in 3 of 12: the rule of
    Prosperity's public simulator but for its K M T // 14, which does not round each tile up."""
    weights = np.zeros((30, 4, 3, 3), np.int8)
    populations = (Population("in", (4, 8, 8), "input"), Population("a", (30, 8, 8), "lif"))
    projection = conv("in", "a", weights, padding=(1, 1))
    network = Network("conv", populations, (projection,), "a", 5, "spikes", True)
    network.verify()
    assert streamed("eyeriss", network, EventTrace.silent(network, 1)) == 64 * 5 * 3 * 3


def test_mint_takes_a_cycle_for_each_spike_and_128_channels() -> None:
    """The rule of Prosperity's public simulator: spikes of all steps times ceil(N / 128)."""
    populations = (Population("in", (50,), "input"), Population("a", (200,), "lif"))
    projection = dense("in", "a", np.zeros((200, 50), np.int8))
    network = Network("dense", populations, (projection,), "a", 6, "spikes", True)
    network.verify()
    given = (np.random.default_rng(0).random((1, 6, 50)) < 0.3).astype(np.float32)
    trace = execute(network, encode(network, given))
    assert streamed("mint", network, trace) == int(given.sum()) * 2


def test_the_filter_buffer_of_mint_holds_128_channels_of_a_wide_layer() -> None:
    chip = load_hardware("mint")
    # 4608 rows of 128 weights of 2 bits
    assert chip.buffers.weight.capacity_bytes == 4608 * 128 * 2 // 8
    assert chip.buffers.weight.word_bits == 128 * chip.precision.weight_bits


@pytest.mark.parametrize("name", presets())
def test_every_preset_has_a_dense_form_for_the_ann(name: str) -> None:
    array = load_hardware(name).with_skip("dense").pe_array
    assert (array.skip, array.streams, array.weight_sparsity, array.decode) == (
        "dense",
        "shared",
        False,
        None,
    )


@pytest.mark.parametrize("name", presets())
def test_a_number_is_from_a_paper_or_its_simulator_or_said_to_be_reconstructed_or_chosen(name: str) -> None:
    for field, text in load_hardware(name).sources.items():
        assert re.match(rf"{PAPERS}|reconstructed|chosen|as sata", text), f"{field}: {text}"


@pytest.mark.parametrize("name", presets())
def test_every_preset_has_a_price(name: str) -> None:
    chip = load_hardware(name)
    table = load_table("snn_paper_fp32" if chip.precision.weight_bits == 32 else "sata_kernels")
    assert (unit_energies(table, chip)["mac_issued"] or 0) > 0
    assert all(area > 0 for area in chip_area(table, chip).values())


@pytest.mark.parametrize("schedule", ["layer_major", "step_major"])
@pytest.mark.parametrize("name", presets())
def test_every_preset_runs_a_network_in_both_cycle_models_alike(name: str, schedule: Any) -> None:
    network, chip = small_network(), load_hardware(name)
    rng = np.random.default_rng(0)
    trace = execute(network, encode(network, (rng.random((2, 3, 2, 4, 4)) < 0.4).astype(np.float32)))
    lowering = Lowering(network, chip, Mapping(schedule=schedule, batch=2))
    found = run(lowering.lower(trace, range(2)), chip)
    found.verify()
    assert found.total("ac") > 0
    assert not found.differences(reference.simulate(network, trace, range(2), chip, lowering.resolved))
