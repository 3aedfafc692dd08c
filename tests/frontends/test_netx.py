"""lava-dl's netx files: its own golden spikes, a network by hand, and files that are not what they say."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.frontends.hdf5 import MAX_VALUES
from hwsim.frontends.netx import read_netx
from hwsim.network import Network, Population
from tests.frontends.hdf5_changes import Change, put

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared"))
NETS = DATA / "reference" / "nets"


def golden(name: str) -> Path:
    path = NETS / name
    if not path.is_file():
        pytest.skip(f"{path} is absent: HWSIM_DATA names the directory that holds reference/nets")
    return path


def rastered(name: str, steps: int, neurons: int) -> Any:
    """Rows (neuron, 0, time) as a dense (steps, neurons) array; times are rounded to steps."""
    neuron, _, time = np.load(golden(name)).T
    dense = np.zeros((steps, neurons), np.int64)
    dense[np.round(time).astype(int), neuron.astype(int)] = 1
    return dense


def outputs(network: Network, values: Any) -> dict[str, Any]:
    """Dense (steps, *shape) outputs of every population for one sample."""
    trace = execute(network, encode(network, values[None]))
    trace.verify(network)
    shapes = {p.name: p.shape for p in network.populations}
    return {
        n: e.dense(int(np.prod(shapes[n])))[0].reshape(-1, *shapes[n]).astype(np.int64)
        for n, e in trace.events.items()
    }


def test_oxford_emits_every_golden_spike() -> None:
    """lava hands spikes on one step later per layer: its output is ours, two steps later."""
    steps = 1890
    network = read_netx(golden("oxford__Trained__network.net"), steps)
    found = outputs(network, rastered("oxford__input.npy", steps, 200))["dense1"]
    expected = rastered("oxford__ground_truth.npy", steps, 200)
    assert expected.sum() == 10178
    assert found.sum() == 10178 + found[-2:].sum()
    np.testing.assert_array_equal(found[:-2], expected[2:])
    assert not expected[:2].any()


def test_oxfords_first_layer_alone_fires_above_its_threshold_only() -> None:
    """A second pair of golden files, of the first layer: same weights, one step later, but with v > 384.

    So the files of one network disagree in the comparison; the one of the whole network decides for CUBA.
    """
    network = read_netx(golden("oxford__Trained__network.net"), 2000)
    np.testing.assert_array_equal(network.projections[0].weights, np.load(golden("oxford__gts__weight.npy")))
    strict = [replace(p, compare=">") if p.spikes else p for p in network.populations]
    found = outputs(replace(network, populations=tuple(strict)), np.load(golden("oxford__gts__in.npy")).T)
    expected = np.load(golden("oxford__gts__out.npy")).T
    assert expected.sum() == 1826
    np.testing.assert_array_equal(found["dense0"][:-1], expected[1:])


def tinynet() -> list[Any]:
    """Golden outputs of its three layers, (15, *shape): without the first step, in which all are silent."""
    names = [f"gts__tinynet__{layer}.npy" for layer in ("input", "layer1", "output")]
    arrays = [np.moveaxis(np.load(golden(name))[0], -1, 0).astype(np.int64) for name in names]
    assert not any(a[0].any() for a in arrays)
    return [a[1:] for a in arrays]


def test_tinynets_convolutions_emit_every_golden_spike() -> None:
    """From the golden input spikes on; lava adds no bias in its first step, so that step is left out."""
    given, first, second = tinynet()
    network = read_netx(golden("tiny.net"), 15)
    spiking = Population("input0", (3, 16, 16), "input")
    network = replace(
        network,
        populations=(spiking, *network.populations[2:]),
        projections=network.projections[1:],
        coding="spikes",
    )
    network.verify()
    found = outputs(network, given)
    assert (first.sum(), second.sum()) == (1633, 92)
    np.testing.assert_array_equal(found["conv1"], first)
    np.testing.assert_array_equal(found["conv2"], second)


def test_tinynets_input_layer_emits_golden_spikes_from_constant_currents() -> None:
    """Every pixel's spikes are those of one of the currents -2 to 70 that the layer's notes allow."""
    given, _, second = tinynet()
    network = read_netx(golden("tiny.net"), 15)
    assert network.notes["input"] == "integers trunc(-2 + 72 * x) of pixels x from 0 to 1"
    patterns = {
        current: outputs(network, np.full((3, 16, 16), current))["input0"][:, 0, 0, 0]
        for current in range(-2, 71)
    }
    image = np.full((3, 16, 16), -100)
    for current, pattern in patterns.items():
        image[(given == pattern[:, None, None, None]).all(axis=0)] = current
    assert image.min() >= -2
    found = outputs(network, image)
    np.testing.assert_array_equal(found["input0"], given)
    np.testing.assert_array_equal(found["conv2"], second)


def write_layer(file: Any, number: int, kind: str, neuron: dict[str, Any] | None, **values: Any) -> None:
    layer = file.create_group(f"layer/{number}")
    layer["type"] = np.array([kind.encode()], "S10")
    for name, value in values.items():
        layer[name] = value
    if neuron is not None:
        for name, value in {"type": "CUBA", "iDecay": 4096, "vDecay": 2048, "vThMant": 2, **neuron}.items():
            layer[f"neuron/{name}"] = value


def write_small(path: Path) -> None:
    """input (1, 2, 3) -> conv (2, 1, 2) -> flatten -> dense (3,)"""
    with h5py.File(path, "w") as file:
        write_layer(file, 0, "input", {}, shape=[1, 2, 3], weight=[1.0], bias=[0.0])
        kernels = np.arange(8, dtype=np.float32).reshape(2, 1, 2, 2, 1)
        write_layer(file, 1, "conv", {}, shape=[2, 1, 2], kernelSize=[2, 2], weight=kernels, bias=[1.0, -1.0])
        write_layer(file, 2, "flatten", None)
        matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
        write_layer(file, 3, "dense", {"iDecay": 1024, "type": "LOIHI"}, shape=[3], weight=matrix)


def test_a_small_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_small(tmp_path / "small.net")
    network = read_netx(tmp_path / "small.net", 4)
    assert (network.name, network.timesteps, network.coding, network.integer) == ("small", 4, "frames", True)
    assert [(p.name, p.shape) for p in network.populations] == [
        ("input", (1, 2, 3)), ("input0", (1, 2, 3)), ("conv1", (2, 1, 2)), ("dense3", (3,)),
    ]  # fmt: skip
    _, conv, dense = network.projections
    np.testing.assert_array_equal(conv.weights, np.arange(8).reshape(2, 1, 2, 2))
    np.testing.assert_array_equal(conv.bias, [1, -1])
    np.testing.assert_array_equal(dense.weights, np.arange(12).reshape(3, 4))
    assert dense.bias is None
    last = network.populations[-1]
    assert (last.current_decay, last.decay, last.threshold, last.compare) == (0.75, 0.5, 128.0, ">")
    assert network.populations[2].current_decay is None


@pytest.mark.parametrize("kind", ["CUBA", "LOIHI"])
def test_a_dense_layer_by_hand(tmp_path: Path, kind: str) -> None:
    """Threshold 2 * 64 = 128, v halves. Weight 1: v = 64, 96, 112. Weight 3: 192 each time. Weight 2: 128."""
    with h5py.File(tmp_path / "hand.net", "w") as file:
        weight = np.array([[1.0], [3.0], [2.0]])
        write_layer(file, 0, "dense", {"type": kind}, inFeatures=1, shape=[3], weight=weight)
    found = outputs(read_netx(tmp_path / "hand.net", 3), np.ones((3, 1), int))["dense0"]
    # LOIHI: 128 is not above the threshold; 64 + 128 = 192 is, and resets to 0; 128 again
    third = [1, 1, 1] if kind == "CUBA" else [0, 1, 0]
    assert found.T.tolist() == [[0, 0, 0], [1, 1, 1], third]


def declare(name: str, **options: Any) -> Change:
    """Replace one value by an empty dataset, of which nothing is stored."""

    def change(file: Any) -> None:
        del file[name]
        file.create_dataset(name, **options)

    return change


def fill(name: str, shape: tuple[int, ...]) -> Change:
    def change(file: Any) -> None:
        del file[name]
        data = file.create_dataset(name, shape, "f4", chunks=tuple(min(n, 64) for n in shape))
        data[(0,) * len(shape)] = 1

    return change


def virtual(file: Any) -> None:
    del file["layer/3/weight"]
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("/nowhere.h5", "x", (3, 4))
    file.create_virtual_dataset("layer/3/weight", layout)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("layer", None), "'layer' is missing"),
        (put("layer", np.ones(3)), "'layer' is no group"),
        (put("layer/7/type", "dense"), "layer '7'; 5 layers are numbered from 0 to 4"),
        (put("layer/1/type", None), "layer 1: 'type' is missing"),
        (put("layer/1/type", np.ones(2)), "layer 1: 'type' is float64.*expected a word"),
        (put("layer/1/type", np.array([b"pool"])), "layer 1: type 'pool' is not supported; known: dense"),
        (put("layer/1/type", np.array([b"input"])), "layer 1: type 'input' is not supported"),
        (put("layer/0/type", np.array([b"conv"])), "layer 0 .conv.: its input has no channels"),
        (put("layer/1/delay", np.ones(3)), "layer 1 .conv.: synaptic delays"),
        (put("layer/1/neuron", None), "layer 1 .conv.: 'neuron' is missing"),
        (put("layer/1/neuron/type", "RF"), "layer 1 .conv., neuron: type 'RF' is not supported; known: CUBA"),
        (put("layer/1/neuron/vDecay", None), "'vDecay' is missing"),
        (put("layer/1/neuron/vDecay", 5000), "vDecay 5000; it must lie in 0..4096"),
        (put("layer/1/neuron/vThMant", 0), "vThMant 0"),
        (put("layer/1/neuron/vThMant", np.nan), "vThMant holds values that are not integers"),
        (put("layer/1/neuron/gradedSpike", True), "gradedSpike 1 is not supported"),
        (put("layer/1/neuron/refDelay", 3), "refDelay 3 is not supported"),
        (put("layer/1/neuron/wgtExp", 2), "wgtExp 2 is not supported"),
        (put("layer/1/shape", [2, 1, 1]), r"shape \(2, 1, 1\).* must be \(channels, 1, 2\)"),
        (put("layer/1/shape", [2, 1]), "expected 3 integers"),
        (put("layer/1/shape", [2, -1, 2]), r"every dimension must lie in 1\.\."),
        (put("layer/0/shape", [10**9, 10**9, 10**9]), r"every dimension must lie in 1\.\."),
        (put("layer/1/dilation", [2, 2]), r"dilation \(2, 2\) is not supported"),
        (put("layer/1/stride", [0, 1]), "both must be at least 1"),
        (put("layer/1/groups", 2), "groups divide the channels"),
        (put("layer/3/weight", np.ones((4, 3))), r"3 .dense.: weight has shape \(4, 3\); expected \(3, 4\)"),
        (put("layer/3/weight", np.full((3, 4), 0.5)), "weight holds values that are not integers"),
        (put("layer/3/weight", np.full((3, 4), 1e30)), "not integers of 32 bits"),
        (put("layer/3/weight", np.full((3, 4), b"x")), "weight is .*; expected numbers"),
        (put("layer/3/weight", h5py.Empty("f4")), "'weight' holds no values"),
        (put("layer/3/weight", h5py.SoftLink("/layer/1/weight")), "is a link to another place"),
        (put("layer/3/weight", h5py.ExternalLink("/dev/stdin", "/x")), "is a link to another place"),
        (put("layer/3/bias", np.ones(2)), r"bias has shape \(2,\); expected \(3,\)"),
        (declare("layer/3/weight", shape=(3, 4), dtype="f4"), "nothing is stored"),
        (declare("layer/3/weight", shape=(2**30, 2**30), dtype="f4", chunks=(9, 9)), f"1 to {MAX_VALUES}"),
        (fill("layer/3/weight", (10**9, 10**9)), f"1 to {MAX_VALUES} values"),
        (fill("layer/3/weight", (2**12, 2**12)), "expected .3, 4."),
        (fill("layer/3/shape", (2**20,)), "expected 3 integers"),
        (virtual, "'weight' lies in another file"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = tmp_path / "hostile.net"
    write_small(path)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(HwsimError, match=message) as caught:
        read_netx(path, 4)
    assert str(path) in str(caught.value)


def test_no_file_an_empty_file_and_a_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="no such file"):
        read_netx(tmp_path / "absent.net", 4)
    for content in (b"", b"a text", b"\x89HDF\r\n\x1a\n"):
        (tmp_path / "bad.net").write_bytes(content)
        with pytest.raises(HwsimError, match="not a readable netx file"):
            read_netx(tmp_path / "bad.net", 4)
    with h5py.File(tmp_path / "empty.net", "w") as file:
        file.create_group("layer")
    with pytest.raises(HwsimError, match="0 layers"):
        read_netx(tmp_path / "empty.net", 4)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    write_small(tmp_path / "whole.net")
    whole = (tmp_path / "whole.net").read_bytes()
    for size in range(0, len(whole), len(whole) // 40):
        (tmp_path / "part.net").write_bytes(whole[:size])
        with pytest.raises(HwsimError, match=r"part\.net"):
            read_netx(tmp_path / "part.net", 4)


def test_a_flipped_byte_gives_a_network_or_an_error_of_ours(tmp_path: Path) -> None:
    write_small(tmp_path / "whole.net")
    whole = bytearray((tmp_path / "whole.net").read_bytes())
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(whole), 300):
        broken = whole.copy()
        broken[at] ^= int(rng.integers(1, 256))
        (tmp_path / "broken.net").write_bytes(broken)
        with suppress(HwsimError):
            read_netx(tmp_path / "broken.net", 4).verify()


def test_timesteps_must_be_positive(tmp_path: Path) -> None:
    write_small(tmp_path / "small.net")
    with pytest.raises(HwsimError, match="timesteps is 0"):
        read_netx(tmp_path / "small.net", 0)
