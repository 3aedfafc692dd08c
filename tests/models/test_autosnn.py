"""AutoSNN: parameters and neurons of its networks, from the networks built here."""

from collections.abc import Callable

import autosnn_blocks
import autosnn_compared
import pytest
import torch
from torch import nn

from hwsim.nn import PLIF, choose, path_state, run
from models import autosnn
from tests.models.counting import build, neurons, outputs, parameters

TABLE_3 = {
    "searched": {16: 417_626, 32: 1_462_954, 64: 5_436_746, 128: 20_916_874},
    "cifarnet_wu": {16: 710_426, 32: 2_826_794, 64: 11_277_386, 128: 45_049_994},
    "cifarnet_fang": {16: 156_024, 32: 597_224, 64: 2_335_176, 128: 9_233_288, 256: 36_718_344},
    "resnet11_lee": {16: 1_164_828, 32: 4_602_924, 64: 18_298_956},
    "resnet19_zheng": {16: 233_828, 32: 925_364, 64: 3_681_620, 128: 14_686_868},
}
PRINTED = {
    "searched": {16: 0.42, 32: 1.46, 64: 5.44, 128: 20.92},
    "cifarnet_wu": {16: 0.71, 32: 2.83, 64: 11.28, 128: 45.05},
    "cifarnet_fang": {16: 0.16, 32: 0.60, 64: 2.34, 128: 9.23, 256: 36.72},
    "resnet11_lee": {16: 1.17, 32: 4.60, 64: 18.30},
    "resnet19_zheng": {16: 0.23, 32: 0.93, 64: 3.68, 128: 14.69},
}
BUILDERS = vars(autosnn_compared) | vars(autosnn)
ENTRIES = [(name, channels) for name, row in TABLE_3.items() for channels in row]


@pytest.mark.parametrize(("name", "channels"), ENTRIES)
def test_parameters_are_those_of_table_3(name: str, channels: int) -> None:
    """Convolutions, scales and shifts of the normalization, one w per PLIF layer, linear layers."""
    count = parameters(build(BUILDERS[name], channels=channels))
    assert count == TABLE_3[name][channels]
    printed = PRINTED[name][channels]
    if (name, channels) == ("resnet11_lee", 16):  # printed 1.17, but the count rounds to 1.16
        assert round(count / 1e6, 2) == 1.16
    else:
        assert round(count / 1e6, 2) == printed


@pytest.mark.parametrize(
    ("fitness_lambda", "count"), [(0.0, 565_084), (-0.08, 417_626), (-0.16, 515_930), (-0.24, 500_888)]
)
def test_parameters_of_the_searched_networks_are_those_of_table_2(fitness_lambda: float, count: int) -> None:
    assert parameters(build(autosnn.searched, fitness_lambda=fitness_lambda)) == count


@pytest.mark.parametrize("channels", [16, 32])
@pytest.mark.parametrize(
    ("block", "per_hwc"),
    [("scb3", 6.4375), ("srb3", 6.4375), ("sib3e1", 8.1875), ("sib3e3", 16.6875)],
)
def test_neurons_of_snn1_per_input_pixel_and_channel(block: str, per_hwc: float, channels: int) -> None:
    """Neurons with state and outputs of pools, without the linear layer's, over H * W * C."""
    network = build(autosnn.snn1, block=block, channels=channels)
    counted = [
        o.size
        for o in outputs(network, (3, 32, 32))
        if isinstance(o.module, PLIF | nn.MaxPool2d) and len(o.shape) == 3
    ]
    assert sum(counted) / (32 * 32 * channels) == per_hwc


def test_the_papers_neurons_of_sib_leave_out_two_pools() -> None:
    """It prints 8.0 and 16.5; the last two pools of SNN_1 are 2C / 16 + 4C / 64 = 0.1875 of HWC."""
    pools = [
        o.size
        for o in outputs(build(autosnn.snn1, block="sib3e1"), (3, 32, 32))
        if isinstance(o.module, nn.MaxPool2d)
    ]
    assert sum(pools[1:]) / (32 * 32 * 16) == 0.1875 == 8.1875 - 8.0 == 16.6875 - 16.5


@pytest.mark.parametrize(
    ("builder", "flat"),
    [(autosnn.snn1, 1024), (autosnn.snn2, 64), (autosnn.snn3, 2048), (autosnn.snn4, 1024)],
)
def test_the_linear_layer_reads_the_last_map_or_its_mean(
    builder: Callable[..., nn.Module], flat: int
) -> None:
    """4C * 4 * 4, 4C after the global pool, 8C * 4 * 4 where stride-2 blocks double the channels."""
    linear = [m for m in build(builder).modules() if isinstance(m, nn.Linear)]
    assert [tuple(m.weight.shape) for m in linear] == [(100, flat)]


def test_average_pools_have_neurons_and_max_pools_have_none() -> None:
    """SNN_4 has one layer of neurons more than SNN_1 for each of its three pools."""
    layers = [len(neurons(build(b), (3, 32, 32))) for b in (autosnn.snn1, autosnn.snn2, autosnn.snn4)]
    assert layers == [12, 13, 15]


@pytest.mark.parametrize("block", autosnn_blocks.BLOCKS)
@pytest.mark.parametrize(("outputs_", "stride"), [(4, 1), (8, 1), (8, 2)])
def test_every_block_gives_spikes_of_the_right_shape(block: str, outputs_: int, stride: int) -> None:
    torch.manual_seed(0)
    made = autosnn_blocks.BLOCKS[block](4, outputs_, stride)
    spikes = (torch.rand(2, 4, 8, 8) < 0.5).float()
    given = made(spikes)
    assert given.shape == (2, outputs_, 8 // stride, 8 // stride)
    assert set(given.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(("stem", "size"), [("cifar", 32), ("tiny", 64), ("dvs", 128)])
def test_every_stem_leaves_a_map_of_32_pixels(stem: str, size: int) -> None:
    channels_in = 2 if stem == "dvs" else 3
    layers = nn.Sequential(*autosnn.stem_layers(stem, 4))
    assert layers(torch.rand(1, channels_in, size, size)).shape == (1, 4, 32, 32)
    assert build(autosnn.snn1, stem=stem)(torch.empty(1, channels_in, size, size, device="meta")).shape == (
        1,
        10,
    )


def test_a_half_skip_reads_even_and_odd_pixels() -> None:
    half = autosnn_blocks.skip(1, 2, 2)
    for convolution in (half.even, half.odd):
        nn.init.ones_(convolution.weight)
    pixels = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert half.even(pixels).flatten().tolist() == [0, 2, 8, 10]
    assert half.odd(pixels[:, :, 1:, 1:]).flatten().tolist() == [5, 7, 13, 15]


def test_unknown_blocks_and_lambdas_are_errors() -> None:
    with pytest.raises(ValueError, match="expected 5 of skip"):
        autosnn.snn1(["scb3"] * 4)
    with pytest.raises(ValueError, match=r"must be one of 0\.0, -0\.08"):
        autosnn.searched(-0.5)


def test_a_path_of_the_supernet_is_snn1_with_its_weights() -> None:
    path = ("srb5", "skip", "scb3", "srb3", "scb5")
    net = autosnn.supernet(channels=4, resolution=16).eval()
    choose(net, path)
    alone = autosnn.snn1(path, channels=4, resolution=16).eval()
    alone.load_state_dict(path_state(net))
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(run(net, images, 3), run(alone, images, 3))


@pytest.mark.parametrize("space", ["snn3", "snn1_deep"])
def test_a_path_of_a_larger_space_is_the_network_of_its_name(space: str) -> None:
    """Table 6: eight blocks, of stride 2 in the place of the pools, or one more before each pool."""
    path = ("srb5", "skip", "scb3", "srb3", "skip", "scb5", "srb3", "skip")
    net = autosnn.supernet(channels=4, resolution=16, space=space).eval()
    choose(net, path)
    alone = getattr(autosnn, space)(path, channels=4, resolution=16).eval()
    alone.load_state_dict(path_state(net))
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(run(net, images, 3), run(alone, images, 3))
    with pytest.raises(ValueError, match="expected 8 of skip"):
        getattr(autosnn, space)(path[:5])


def test_more_blocks_before_the_pools_are_more_neurons() -> None:
    """230 K spikes of SCB_k3 against 154 K (Table 6): 2 (1 + 1/2 + 1/4) HWC neurons are added."""
    hwc = 32 * 32 * 16
    sizes = [
        sum(o.size for o in outputs(build(b), (3, 32, 32)) if isinstance(o.module, PLIF))
        for b in (autosnn.snn1, autosnn.snn1_deep)
    ]
    assert sizes[1] - sizes[0] == 2 * (1 + 0.5 + 0.25) * hwc


@pytest.mark.parametrize("name", ["snn1", "snn2", "snn3", "snn4", "supernet"])
def test_an_ann_has_the_tensors_of_the_snn_but_the_leaks(name: str) -> None:
    spiking = getattr(autosnn, name)(channels=4, resolution=16)
    relu = getattr(autosnn, name)(channels=4, resolution=16, neuron="relu")
    leaks = {f"{at}.w" for at, module in spiking.named_modules() if isinstance(module, PLIF)}
    assert leaks
    assert set(spiking.state_dict()) - set(relu.state_dict()) == leaks
    assert set(relu.state_dict()) < set(spiking.state_dict())
    missing, unexpected = spiking.load_state_dict(relu.state_dict(), strict=False)
    assert (set(missing), unexpected) == (leaks, [])
    assert not any(isinstance(m, PLIF) for m in relu.modules())


def test_the_answer_of_an_ann_is_linear_in_its_last_layer() -> None:
    net = autosnn.snn1(channels=4, resolution=16, neuron="relu").eval()
    answer = net(torch.rand(2, 3, 16, 16))
    assert (answer < 0).any()


def test_neurons_behind_average_pools_never_fire_at_the_papers_threshold() -> None:
    """The mean of spikes is 1 at most, and v = 1 - 1/2^t after t steps of it; at 1/2 it fires at once."""
    ones = torch.ones(1, 1, 2, 2)
    for threshold, fired in ((1.0, 0.0), (0.5, 8.0)):
        net = autosnn_blocks.avg_spike(threshold)
        assert float(run(net, ones, 8).detach().sum()) == fired


@pytest.mark.parametrize(("share", "step"), [(0.5, 25), (0.9, 8)])
def test_a_neuron_behind_an_average_pool_fires_at_1_by_rounding_alone(share: float, step: int) -> None:
    """(1 - share)^t below half the step of float32 under 1, 3e-8; in float64 not."""
    for dtype, fired in ((torch.float32, [step]), (torch.float64, [])):
        neuron = PLIF().to(dtype)
        neuron.w.data.fill_(torch.logit(torch.tensor(share, dtype=torch.float64)))
        spikes = [neuron(torch.ones(1, 1, dtype=dtype)).item() for _ in range(step)]
        assert [at for at, spike in enumerate(spikes, 1) if spike] == fired


def test_unknown_neurons_and_spaces_are_errors() -> None:
    with pytest.raises(ValueError, match="must be one of plif, relu"):
        autosnn.snn1(neuron="lif")
    with pytest.raises(ValueError, match="must be one of snn1, snn3, snn1_deep"):
        autosnn.supernet(space="snn2")


@pytest.mark.parametrize("name", ["snn1", "snn4", "cifarnet_fang", "resnet11_lee", "supernet"])
def test_inputs_may_have_another_number_of_channels(name: str) -> None:
    net = BUILDERS[name](channels=4, resolution=16, channels_in=1)
    assert net(torch.rand(2, 1, 16, 16)).shape == (2, 10)
