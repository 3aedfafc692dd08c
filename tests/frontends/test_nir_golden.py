"""Published networks on real recordings: what their .nir files mean, and what that does to accuracy."""

import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.frontends.nir.read import read_nir
from hwsim.network import Network, Population, Projection

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared"))


def golden(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is absent: HWSIM_DATA names the directory that holds {name}")
    return path


def net(name: str) -> Path:
    return golden(f"reference/nets/{name}")


@cache
def braille() -> tuple[Any, Any]:
    """280 tactile recordings, (280, 256, 12) of 0 and 1, and their letters, 7 classes."""
    kept = torch.utils.data.dataset.TensorDataset
    with torch.serialization.safe_globals([kept]):
        values, labels = torch.load(net("l2mu_ds_val_0.pt"), weights_only=True).tensors
    return values.numpy(), labels.numpy()


def correct(network: Network, inputs: Any, labels: Any) -> tuple[int, EventTrace]:
    """How many samples the neuron that fires most names, and the trace."""
    trace = execute(network, encode(network, inputs))
    return int((trace.outputs[:, -1].argmax(axis=1) == labels).sum()), trace


@pytest.mark.parametrize(
    ("name", "producer", "right"),
    [
        # trained with reset to zero and without delay of the reset, as the file's name says: 96.8 %
        ("nir_braille_noDelay_bias_zero.nir", "snntorch,reset=zero,delayed=no", 271),
        ("nir_braille_noDelay_bias_zero.nir", "nir", 271),
        ("nir_braille_noDelay_bias_zero.nir", "snntorch,reset=zero", 236),
        ("nir_braille_noDelay_bias_zero.nir", "snntorch", 254),
        # another network, trained with the delay: 98.2 %; read literally 67.5 %
        ("NIRTorch__braille.nir", "snntorch,reset=zero", 275),
        ("NIRTorch__braille.nir", "nir", 189),
        ("NIRTorch__braille.nir", "snntorch", 145),
    ],
)
def test_braille_letters(name: str, producer: str, right: int) -> None:
    values, labels = braille()
    network = read_nir(net(name), 256, producer)
    assert network.notes["dt"] == "0.0001 (R dt/tau = 1)"
    assert correct(network, values, labels)[0] == right


def test_one_network_in_three_encodings_gives_the_same_spikes() -> None:
    """Flat with tau in seconds; the same again; and a sub-graph with tau in steps and R = 1 - 1/tau."""
    values, _ = braille()
    names = ("NIRTorch__braille.nir", "norse__braille.nir", "rockpool__braille.nir")
    networks = [read_nir(net(name), 256, "snntorch,reset=zero") for name in names]
    assert [n.notes["dt"].split()[0] for n in networks] == ["0.0001", "0.0001", "1"]
    first, *others = (execute(n, encode(n, values[:40])) for n in networks)
    for other in others:
        np.testing.assert_array_equal(first.outputs, other.outputs)
        np.testing.assert_array_equal(
            list(first.events.values())[1].index, list(other.events.values())[1].index
        )


@cache
def nmnist() -> tuple[Any, Any]:
    """N-MNIST's 100 test recordings: (100, 337, 2, 34, 34), 1 where a pixel had events in a step of 1 ms."""
    with np.load(golden("data/nmnist_1100.npz")) as file:
        x, y, p, t, offset, label, held = (
            file[n] for n in ("x", "y", "p", "t_us", "offset", "label", "is_test")
        )
    chosen = np.flatnonzero(held)
    dense = np.zeros((len(chosen), 337, 2, 34, 34), np.uint8)
    for i, sample in enumerate(chosen):
        part = slice(offset[sample], offset[sample + 1])
        dense[i, t[part] // 1000, p[part], y[part], x[part]] = 1
    return dense, label[chosen]


@pytest.mark.parametrize(
    ("producer", "samples", "right", "spikes"),
    [
        ("sinabs", 40, 39, 2_176_115),
        ("sinabs,floored=no", 40, 40, 1_123_163),
        ("nir", 40, 40, 744_045),
        ("lava", 40, 40, 744_045),
        ("snntorch", 40, 38, 1_380_128),
        pytest.param("sinabs", 100, 96, 5_489_477, marks=pytest.mark.slow),
        pytest.param("sinabs,floored=no", 100, 100, 2_808_429, marks=pytest.mark.slow),
        pytest.param("nir", 100, 100, 1_864_573, marks=pytest.mark.slow),
        pytest.param("lava", 100, 100, 1_864_573, marks=pytest.mark.slow),
        pytest.param("snntorch", 100, 98, 3_440_714, marks=pytest.mark.slow),
    ],
)
def test_the_convolutional_network_reads_digits(producer: str, samples: int, right: int, spikes: int) -> None:
    """Polarity 1 (brighter) is channel 1; x is the width. The step is free: its neurons have no leak."""
    values, labels = (a[:samples] for a in nmnist())
    network = read_nir(net("nir_cnn_sinabs.nir"), 337, producer)
    assert network.notes["dt"].startswith("1 ")
    found, trace = correct(network, values, labels)
    fired = sum(len(trace.events[p.name].index) for p in network.populations if p.spikes)
    assert (found, fired) == (right, spikes)


def test_a_single_recording_is_a_four(tmp_path: Path) -> None:
    """Five bytes an event: x, y, polarity and 23 bits of microseconds."""
    raw = np.fromfile(net("tonic_sample_nmnist.bin"), np.uint8).reshape(-1, 5).astype(np.int64)
    assert len(raw) == 4325
    x, y, polarity = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    step = (((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]) // 1000
    dense = np.zeros((1, int(step.max()) + 1, 2, 34, 34), np.uint8)
    dense[0, step, polarity, y, x] = 1
    for producer in ("nir", "sinabs", "snntorch"):
        network = read_nir(net("nir_cnn_sinabs.nir"), dense.shape[1], producer)
        assert correct(network, dense, np.array([4]))[0] == 1


def test_without_a_producer_the_file_is_read_literally_and_says_so() -> None:
    with pytest.warns(UserWarning, match=r"read as NIR is written, with dt = 0.0001 .*fire on v > threshold"):
        network = read_nir(net("nir_braille_noDelay_bias_zero.nir"), 256)
    assert network.notes["assumed"].startswith("no producer is known")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        known = read_nir(net("nir_braille_noDelay_bias_zero.nir"), 256, "nir")
    assert known.populations == network.populations
    assert "assumed" not in known.notes


def test_slayers_integer_network_reads_digits() -> None:
    """2312-512-10, int8, CUBA with iDecay 1024, vDecay 128, vThMant 80, as lava-dl's files mean them.

    91 of 100 over 302 steps of 1 ms; its inputs are in the order channel, row, column.
    """
    with np.load(net("slayer_nmnist_mlp_loihi_small.npz")) as file:
        weights = {name: file[name] for name in ("fc1", "fc2")}
        threshold, voltage, current = (int(file[n]) for n in ("vThMant", "vDecay", "iDecay"))
    options: dict[str, Any] = {
        "decay": (4096 - voltage) / 4096,
        "current_decay": (4096 - current) / 4096,
        "threshold": 64.0 * threshold,
        "gain": 64.0,
        "reset": "zero",
    }
    network = Network(
        "slayer",
        (
            Population("input", (2312,), "input"),
            Population("hidden", (512,), "lif", **options),
            Population("out", (10,), "lif", **options),
        ),
        (
            Projection("fc1", "input", "hidden", "dense", weights["fc1"]),
            Projection("fc2", "hidden", "out", "dense", weights["fc2"]),
        ),
        "out", 302, "spikes", integer=True,
    )  # fmt: skip
    network.verify()
    values, labels = nmnist()
    assert correct(network, values[:, :302].reshape(100, 302, 2312), labels)[0] == 91
