"""Golden networks, PyTorch's spikes of the whole zoo, operation counts and the papers' structures."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.validation.rows import Row, exact
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
from tests.frontends.test_netx import golden, outputs, rastered
from tests.frontends.test_nir_golden import braille, correct, net
from tests.models.test_capture import CODING, SMALL, STEPS, inputs, lively

FRONTENDS = Path(".venv-frontends/bin/python")

BRAILLE, REPORTED = "nir_braille_noDelay_bias_zero.nir", 0.968
"""Trained without delay of the reset; its accuracy on 280 recordings."""

GOLDEN = "tests/frontends/test_nir_golden.py"


def golden_networks() -> Iterator[Row]:
    """Row 6."""
    group, command, steps = "Golden networks", "pytest tests/frontends/test_netx.py", 1890
    network = read_netx(golden("oxford__Trained__network.net"), steps)
    found = outputs(network, rastered("oxford__input.npy", steps, 200))["dense1"]
    expected = rastered("oxford__ground_truth.npy", steps, 200)
    same = int((found[:-2] & expected[2:]).sum())
    row = exact(
        group, "spikes of Oxford, lava-dl, CUBA", "lava, two steps later", same, int(expected.sum()), command
    )
    yield row
    values, letters = braille()
    right, _ = correct(read_nir(net(BRAILLE), 256, "snntorch,reset=zero,delayed=no"), values, letters)
    ours = right / len(letters)
    yield Row(
        group, "letters read by nir_braille_noDelay", f"{REPORTED:.1%}, NIR's authors", f"{ours:.2%}",
        f"{ours - REPORTED:+.2%}", "equal when rounded", round(ours, 3) == REPORTED, f"pytest {GOLDEN}",
    )  # fmt: skip
    for what, reference, test in (
        ("a network in three tools' files: spikes alike", "NIRTorch, Norse, Rockpool", "three_encodings"),
        (
            "one N-MNIST recording by nir_cnn_sinabs: spikes, digit",
            "26,261 spikes, sinabs",
            "single_recording",
        ),
        ("100 N-MNIST digits by an int8 CUBA network", "91 right, SLAYER", "slayers_integer"),
        ("tinynet's convolutions: spikes", "lava", "tinynets"),
    ):
        files = (GOLDEN, "tests/frontends/test_netx.py")
        yield pytest_row(group, what, reference, sys.executable, *files, "-k", test)


def spikes() -> Iterator[Row]:
    """Row 7."""
    group, command = "Spikes against PyTorch", "pytest tests/models/test_capture.py"
    compared = same = 0
    for name in SMALL:
        steps = STEPS.get(name, 4)
        given = inputs(name, steps)
        captured = capture(lively(name), given, steps, name, CODING.get(name, "frames"))
        trace = execute(captured.network, encode(captured.network, given))
        told = agree(captured.network, trace, captured.reference)
        compared += sum(row.compared for row in told.rows)
        same += sum(row.compared - row.differences for row in told.rows)
    what = f"{len(SMALL)} zoo networks, small, random weights: each neuron and step"
    yield exact(group, what, "PyTorch, float32", same, compared, command)


def pytest_row(group: str, what: str, reference: str, python: Path | str, *arguments: str) -> Row:
    """A row that tests decide, each of them a comparison."""
    command = " ".join(["pytest", *arguments])
    if not Path(python).is_file():
        return Row(group, what, reference, "not compared", f"{python} is absent", "equal", None, command)
    done = subprocess.run(  # noqa: S603
        [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout)}
    passed, of = counts.get("passed", 0), sum(counts.values())
    difference = "none" if passed == of > 0 else ", ".join(f"{n} {word}" for word, n in counts.items())
    return Row(
        group, what, reference, f"{passed} of {of} tests hold", difference, "all", passed == of > 0, command
    )


def counts() -> Iterator[Row]:
    """Row 8."""
    yield pytest_row(
        "Operation counts", "effective and dense operations of 3 networks, 2 kinds of input",
        "NeuroBench, SpikingJelly, syops", FRONTENDS, "tests/external/test_operations.py",
    )  # fmt: skip
    yield pytest_row(
        "Spikes against PyTorch", "neurons and networks of snnTorch and SpikingJelly", "their own modules",
        FRONTENDS, "tests/external/test_snntorch_neurons.py", "tests/external/test_snntorch_networks.py",
        "tests/external/test_spikingjelly_neurons.py", "tests/external/test_spikingjelly_networks.py",
    )  # fmt: skip


def papers() -> Iterator[Row]:
    """Rows 9 and 10; number by number in reports/."""
    group = "Papers' structures"
    for what, paper, file in (
        ("LIF memory, DRAM saving", "EfficientLIF-Net, Tables I and II, Fig. 10", "efficientlif"),
        ("parameters and neurons", "AutoSNN, Tables 2 and 3, A.1", "autosnn"),
        ("legal cells, their layers", "SNASNet", "snasnet"),
        ("parameters and MACs", "ASGL, B.5, Table 4", "asgl"),
        ("weights and neurons", "tinySNN", "tinysnn"),
    ):  # fmt: skip
        yield pytest_row(group, what, paper, sys.executable, f"tests/models/test_{file}.py")
