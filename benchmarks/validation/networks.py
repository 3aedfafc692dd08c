"""Row 6: golden networks."""

import sys
from collections.abc import Iterator

from benchmarks.validation.rows import Row, exact, pytest_row
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
from tests.frontends.test_netx import golden, outputs, rastered
from tests.frontends.test_nir_golden import braille, correct, net

BRAILLE, REPORTED = "nir_braille_noDelay_bias_zero.nir", 0.968
"""Trained without delay of the reset; its accuracy on 280 recordings."""

GOLDEN = "tests/frontends/test_nir_golden.py"


def golden_networks() -> Iterator[Row]:
    """Spikes and answers of trained networks from other tools."""
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
