"""Wrong names, files and numbers: one message, before any work."""

import subprocess
import sys
from pathlib import Path

import pytest

from hwsim import hardware
from hwsim.comparing import Asked
from hwsim.errors import HwsimError
from tests.cli.running import Command


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hardware", "satta"], "unknown hardware preset 'satta'. Did you mean 'sata'?"),
        (["--table", "sata_kernel"], "unknown table 'sata_kernel'. Did you mean 'sata_kernels'?"),
        (["--hardware", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--table", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--mapping", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--inputs", "nowhere.npz"], "nowhere.npz: no such file"),
        (["--weights", "nowhere.safetensors"], "nowhere.safetensors: no such file"),
        (["--schedule", "layermajor"], "schedule: found 'layermajor'"),
        (["--fold-order", "outer"], "fold_order: found 'outer'"),
        (["--direct-coding", "twice"], "direct_coding: found 'twice'"),
        (["--skip", "evnt"], "--skip 'evnt'. Did you mean 'event'? Known: dense, event, gate"),
        (["--node", "5"], "5 nm: logic is scaled between 7 and 45 nm"),
        (["--vdd", "2"], "2 V: energies are scaled between 0.6 and 1.1 V"),
        (["--vdd", "0"], "0 V: energies are scaled"),
        (["--table", "synop_odin", "--node", "22"], "table 'synop_odin' is of a whole chip"),
        (["--table", "horowitz45@28nm", "--node", "16"], "is scaled already"),
        (["--table", "horowitz45@5nm"], "5 nm: logic is scaled between"),
        (["--area", "lif=3"], "--area 'lif=3': unknown item. Did you mean 'lif_unit'"),
        (["--engine", "kernl"], "--engine 'kernl'. Did you mean 'kernel'? Known: kernel, reference"),
    ],
    ids=lambda v: v[0].removeprefix("--") + " " + v[1] if isinstance(v, list) else "",
)
@pytest.mark.usefixtures("nothing_long")
def test_a_wrong_option_is_one_message_before_any_work(
    estimate: Command, options: list[str], message: str
) -> None:
    assert message in estimate(*options).error


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--hardware", "dir.yaml"),
        ("--table", "dir.yaml"),
        ("--mapping", "dir.yaml"),
        ("--inputs", "dir.npz"),
        ("--weights", "dir.safetensors"),
    ],
)
def test_a_directory_in_the_place_of_a_file_is_called_one(
    estimate: Command, tmp_path: Path, option: str, name: str
) -> None:
    (tmp_path / name).mkdir()
    assert estimate(option, tmp_path / name).error == f"{tmp_path / name}: is a directory; name a file"


@pytest.mark.usefixtures("nothing_long")
def test_a_chip_with_a_negative_buffer_is_one_message_with_its_line(
    estimate: Command, tmp_path: Path
) -> None:
    text = (
        (hardware.TABLES / "sata.yaml")
        .read_text()
        .replace("capacity_bytes: 147456", "capacity_bytes: -147456")
    )
    (tmp_path / "chip.yaml").write_text(text)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "-147456" in row)
    message = estimate("--hardware", tmp_path / "chip.yaml").error
    assert message.startswith(
        f"{tmp_path / 'chip.yaml'}:{line}: buffers.weight.capacity_bytes: found -147456"
    )


@pytest.mark.usefixtures("nothing_long")
def test_a_chip_with_an_unknown_key_is_one_message_with_its_line(estimate: Command, tmp_path: Path) -> None:
    (tmp_path / "chip.yaml").write_text((hardware.TABLES / "sata.yaml").read_text() + "voltage: 0.9\n")
    line = len((tmp_path / "chip.yaml").read_text().splitlines())
    assert (
        f"chip.yaml:{line}: unknown field 'voltage'" in estimate("--hardware", tmp_path / "chip.yaml").error
    )


@pytest.mark.parametrize("table", ["snn_paper_fp32", "sata_kernels", "horowitz45"])
@pytest.mark.usefixtures("nothing_long")
def test_a_buffer_that_no_table_knows_is_found_before_any_work(
    estimate: Command, tmp_path: Path, table: str
) -> None:
    # 100 bytes lie below the grid that all areas are from
    text = (hardware.TABLES / "sata.yaml").read_text()
    assert "input: {capacity_bytes: 32768" in text
    (tmp_path / "chip.yaml").write_text(
        text.replace("input: {capacity_bytes: 32768", "input: {capacity_bytes: 100")
    )
    message = estimate("--hardware", tmp_path / "chip.yaml", "--table", table).error
    assert "100" in message or "800" in message


@pytest.mark.usefixtures("nothing_long")
def test_an_unknown_model_gets_the_nearest_name(hwsim: Command) -> None:
    assert "unknown model 'fashio'. Did you mean 'fashion'?" in hwsim("estimate", "fashio").error


def test_a_directory_that_is_a_file_is_one_message(estimate: Command, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("something of mine")
    assert "out" in estimate("-o", tmp_path / "out").error
    assert (tmp_path / "out").read_text() == "something of mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "the output directory has no name; the current one is written as ."),
        ("a" * 300, "cannot be made or written: File name too long"),
        ("/proc/nope", "/proc/nope: cannot be made or written"),
    ],
    ids=["empty", "long", "proc"],
)
@pytest.mark.usefixtures("nothing_long")
def test_a_directory_that_cannot_be_made_is_one_message_before_any_work(
    estimate: Command, name: str, message: str
) -> None:
    assert message in estimate("-o", name).error


@pytest.mark.usefixtures("nothing_long")
def test_a_directory_is_not_left_behind_by_an_error(estimate: Command, tmp_path: Path) -> None:
    assert "nowhere.npz" in estimate("-o", tmp_path / "a" / "b", "--inputs", "nowhere.npz").error
    assert not (tmp_path / "a").exists()


def test_inputs_too_many_to_make_are_one_message(hwsim: Command) -> None:
    message = hwsim("inspect", "fashion", "--shape", "999999999").error
    assert "would be 999999999 values; at most 268435456 are made" in message


@pytest.mark.parametrize("given", [["--timesteps"], ["--set", "timesteps="]], ids=lambda v: v[0])
def test_timesteps_beyond_all_bounds_are_one_message(hwsim: Command, given: list[str]) -> None:
    options = [*given[:-1], given[-1] + str(10**12)] if len(given) == 2 else [*given, 10**12]
    assert "must be at least 1 and at most 2147483647" in hwsim("inspect", "fashion", *options).error


@pytest.mark.parametrize(
    "options", [["--samples", "0"], ["--timesteps", "0"], ["--samples", "x"], ["--nosuch"]]
)
def test_options_that_are_no_numbers_end_with_2(estimate: Command, options: list[str]) -> None:
    ran = estimate(*options)
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_a_batch_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"--batch '9+\.\.\.: a mini-batch is a whole number of samples, 1"):
        Asked.of("none", "sata", None, "9" * 5000, "sata_kernels", None, None)


def test_a_failing_process_prints_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hwsim", "estimate", "fashion", "--hardware", "satta"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: unknown hardware preset 'satta'")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
