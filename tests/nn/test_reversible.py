"""The memory-efficient backward: equal to standard backpropagation through time, and keeps what it says."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from hwsim.nn import LIF, SharedLIF, SharedState, Window, run, run_reversible
from hwsim.nn.reversal import interval, pack, state_before, unpack
from hwsim.nn.training_memory import lif_memory

IMAGES, CHANNELS, SIZE = 4, 8, 8


def conv(inputs: int, norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, CHANNELS, 3, padding=1, bias=not norm)]
    return nn.Sequential(*layers, *[nn.BatchNorm2d(CHANNELS)] * norm)


def network(sharing: str = "L+C2", decay: float = 0.25, norm: bool = True) -> nn.Sequential:
    """Two layers that share ([L]), a pool, one of its own; C2: two channel groups each; none: plain LIF."""
    groups = 2 if "C2" in sharing else 1
    first = SharedState()

    def lif(state: SharedState | None = None) -> nn.Module:
        if sharing == "none":
            return LIF(decay)
        return SharedLIF(state if "L" in sharing else None, groups, decay)

    return nn.Sequential(
        conv(3, norm), lif(first), conv(CHANNELS, norm), lif(first), nn.MaxPool2d(2), conv(CHANNELS, norm),
        lif(), nn.AvgPool2d(SIZE // 2), nn.Flatten(), nn.Linear(CHANNELS, 5),
    )  # fmt: skip


class Residual(nn.Module):
    """conv - LIF - conv + input - LIF; both LIFs and the stem share one state."""

    def __init__(self) -> None:
        super().__init__()
        state = SharedState()
        self.stem, self.lif0 = conv(3, True), SharedLIF(state, 2)
        self.conv1, self.lif1 = conv(CHANNELS, True), SharedLIF(state, 2)
        self.conv2, self.lif2 = conv(CHANNELS, True), SharedLIF(state, 2)

    def forward(self, images: Tensor) -> Tensor:
        spikes = self.lif0(self.stem(images))
        out: Tensor = self.lif2(self.conv2(self.lif1(self.conv1(spikes))) + spikes)
        return out


def pictures(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(IMAGES, 3, SIZE, SIZE, dtype=dtype, generator=torch.Generator().manual_seed(1))


def gradients(
    model: nn.Module, go: Callable[..., Tensor], timesteps: int, dtype: torch.dtype, **options: object
) -> tuple[Tensor, list[Tensor]]:
    images = pictures(dtype).requires_grad_()
    out = go(model, images, timesteps, **options)
    out.square().sum().backward()
    found = [t.grad for t in (images, *model.parameters())]
    assert all(g is not None for g in found)
    return out.detach(), [g for g in found if g is not None]


def largest_error(model: nn.Module, timesteps: int, dtype: torch.dtype, **options: object) -> float:
    """Largest difference of a gradient from the standard one, of the tensor's largest; outputs are equal."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=3 * parameter[0].numel() ** -0.5)
    ours = copy.deepcopy(model).to(dtype)
    out, standard = gradients(model.to(dtype), run, timesteps, dtype)
    again, reversible = gradients(ours, run_reversible, timesteps, dtype, **options)
    assert torch.equal(out, again)
    assert all(g.any() for g in standard)
    pairs = zip(standard, reversible, strict=True)
    return max(((a - b).abs().max() / a.abs().max()).item() for a, b in pairs)


def saved_bytes(go: Callable[..., Tensor], model: nn.Module, images: Tensor, *options: object) -> int:
    """Bytes that autograd keeps besides parameters, buffers and images; a storage counts once."""
    outside = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers(), images)}
    storages: dict[int, int] = {}
    alive = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in outside:
            storages[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept):
        go(model, images, *options)
    return sum(storages.values())


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("decay", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("timesteps", [1, 3, 5])
@pytest.mark.parametrize("sharing", ["none", "L", "C2", "L+C2"])
def test_gradients_are_those_of_standard_backpropagation(
    sharing: str, timesteps: int, decay: float, norm: bool
) -> None:
    """Within 1e-4 of the largest in 32 bits; in 64 bits, with a tolerance of 1e-11, within 1e-10."""
    assert largest_error(network(sharing, decay, norm), timesteps, torch.float32) < 1e-4
    assert largest_error(network(sharing, decay, norm), timesteps, torch.float64, tolerance=1e-11) < 1e-10


def test_a_block_with_several_neurons_is_computed_again_as_a_whole() -> None:
    assert largest_error(Residual(), 4, torch.float64, tolerance=1e-11) < 1e-10


def test_blocks_in_a_sequence_are_pieces() -> None:
    model = nn.Sequential(Residual(), nn.MaxPool2d(2), conv(CHANNELS, True), SharedLIF(), nn.Flatten())
    assert largest_error(model, 3, torch.float64, tolerance=1e-11) < 1e-10


def test_without_copies_on_the_way_rounding_grows_until_gradients_are_wrong() -> None:
    """[L+C#2] at T = 8: 32 uses of one state; 4^31 times the rounding of 6e-8 is no membrane."""
    assert largest_error(network("L+C2"), 8, torch.float32) < 1e-4
    assert largest_error(network("L+C2"), 8, torch.float32, tolerance=1e30) > 0.1


def test_states_of_64_bits_need_no_copies_where_those_of_32_do() -> None:
    """20 uses at decay 1/4: K = 5 in 32 bits, 20 in 64."""
    images = pictures()
    narrow = lif_memory(network("L+C2"), images, 5)
    wide = lif_memory(network("L+C2"), images, 5, state_dtype=torch.float64)
    shared, own = (IMAGES * CHANNELS * SIZE * SIZE // 2 // pool for pool in (1, 4))
    assert narrow.states == 4 * (4 * shared + 2 * own)
    assert wide.states == 8 * (shared + own)
    torch.manual_seed(0)
    model = network("L+C2")
    ours = copy.deepcopy(model)
    out, standard = gradients(model, run, 5, torch.float32)
    again, found = gradients(ours, run_reversible, 5, torch.float32, state_dtype=torch.float64)
    assert torch.allclose(again, out, atol=1e-5)
    for a, b in zip(standard, found, strict=True):
        assert (a - b).abs().max() < 1e-4 * a.abs().max()


@pytest.mark.parametrize(
    ("sharing", "copies"),
    # T = 5, K = 5: uses of the first pair's states and of the last layer's, over 5, rounded up
    [("none", (1, 1, 1)), ("L", (2, 1)), ("C2", (2, 2, 2)), ("L+C2", (4, 2))],
)
def test_autograd_keeps_the_states_and_bits_that_were_computed(sharing: str, copies: tuple[int, ...]) -> None:
    model, images = network(sharing), pictures()
    large = IMAGES * CHANNELS * SIZE * SIZE
    neurons = (large, large, large // 4)
    groups = 2 if "C2" in sharing else 1
    states = (large, large // 4) if "L" in sharing else neurons
    kept = 4 * sum(n * size // groups for n, size in zip(copies, states, strict=True))
    bits = 5 * sum(neurons) // 8
    memory = lif_memory(model, images, 5)
    assert (memory.states, memory.bits, memory.reversible) == (kept, bits, kept + bits)
    assert memory.forward == 4 * sum(states) // groups
    assert memory.unrolled == 5 * memory.unshared == 5 * 4 * sum(neurons)
    assert saved_bytes(run_reversible, model, images, 5) == kept + bits


@pytest.mark.parametrize("groups", [1, 2])
def test_standard_backpropagation_keeps_a_membrane_a_neuron_and_step(groups: int) -> None:
    """Neurons alone: the distance of each use from the threshold, whether they share a state or not."""
    state = SharedState()
    model = nn.Sequential(SharedLIF(state, groups), SharedLIF(state, groups))
    images = torch.rand(IMAGES, CHANNELS, SIZE, SIZE, requires_grad=True)
    memory = lif_memory(model, images, 5)
    assert saved_bytes(run, model, images, 5) == memory.unrolled == 5 * 2 * 4 * IMAGES * CHANNELS * SIZE**2


def test_running_statistics_move_once_a_step_as_in_the_standard_run() -> None:
    torch.manual_seed(0)
    model = network()
    ours = copy.deepcopy(model)
    gradients(model, run, 3, torch.float32)
    gradients(ours, run_reversible, 3, torch.float32)
    for expected, found in zip(model.buffers(), ours.buffers(), strict=True):
        assert torch.equal(expected, found)
    assert ours[0][1].num_batches_tracked == 3
    lif_memory(ours, pictures(), 3)
    assert ours[0][1].num_batches_tracked == 3


def test_normalization_in_evaluation_uses_its_running_statistics() -> None:
    model = network()
    with torch.no_grad():
        run(model, pictures(), 2)
    assert largest_error(model.eval(), 3, torch.float32) < 1e-4


def test_frozen_layers_get_no_gradient() -> None:
    model = network()
    model[0].requires_grad_(False)
    run_reversible(model, pictures(), 2).sum().backward()
    assert all(p.grad is None for p in model[0].parameters())
    assert all(p.grad is not None for p in model[2:].parameters())


def test_weights_that_changed_before_the_backward_are_an_error() -> None:
    model = network()
    out = run_reversible(model, pictures(), 2)
    with torch.no_grad():
        model[0][0].weight.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("n", [1, 7, 8, 9, 64])
def test_bits_give_back_the_spikes(n: int) -> None:
    fired = torch.rand(n, generator=torch.Generator().manual_seed(n)) < 0.5
    bits = pack(fired)
    assert bits.dtype == torch.uint8
    assert bits.numel() == -(-n // 8)
    assert torch.equal(unpack(bits, fired.shape, torch.float64), fired.double())


def test_the_first_spike_is_the_lowest_bit() -> None:
    """1 + 4 + 128 = 133, and 2 in the next byte."""
    fired = torch.tensor([1, 0, 1, 0, 0, 0, 0, 1, 0, 1], dtype=torch.bool)
    assert pack(fired).tolist() == [133, 2]


def test_a_reversal_undoes_a_use_and_magnifies_errors_by_the_decay() -> None:
    """v = .25 * .5 + 1 = 1.125; an error of .01 in v is one of .04 in the state."""
    before = state_before(torch.tensor([1.125, 1.135]), torch.tensor([1.0, 1.0]), 0.25)
    assert before.tolist() == pytest.approx([0.5, 0.54])


@pytest.mark.parametrize(
    ("decay", "dtype", "tolerance", "uses"),
    [
        (0.25, torch.float32, 1e-4, 5),  # 4^4 * 1.19e-7 = 3.1e-5, 4^5 of it 1.2e-4
        (0.5, torch.float32, 1e-4, 10),  # 2^9 of it 6.1e-5, 2^10 1.2e-4
        (0.25, torch.float64, 1e-4, 20),  # 4^19 * 2.2e-16 = 6.1e-5, 4^20 2.4e-4
        (1.0, torch.float32, 1e-4, 838),  # 1e-4 / 1.19e-7
        (0.25, torch.float32, 1e-8, 1),
    ],
)
def test_copies_are_as_far_apart_as_the_tolerance_allows(
    decay: float, dtype: torch.dtype, tolerance: float, uses: int
) -> None:
    assert interval(decay, dtype, tolerance) == uses


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (SharedLIF(reset="zero"), r"layer '1\.0': a hard reset .* cannot be computed in reverse"),
        (LIF(reset="zero"), r"layer '1\.0': a hard reset"),
        (SharedLIF(decay=0.0), r"layer '1\.0': decay is 0"),
        (Window(3), r"layer '1\.0': the state of Window"),
        (nn.Dropout(), r"layer '1\.0': dropout"),
    ],
)
def test_what_cannot_be_reversed_is_refused_by_name(layer: nn.Module, message: str) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(layer))
    with pytest.raises(ValueError, match=message):
        run_reversible(model, pictures(), 2)


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        (SharedLIF(surrogate=lambda d, _: d.sigmoid()), "layer '1': its spikes are not all 0 or 1"),
        (SharedLIF(channel_groups=3), "layer '1' got 4 channels; 3 groups do not divide them"),
    ],
)
def test_spikes_and_channels_that_do_not_fit_are_refused_by_name(neurons: SharedLIF, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_reversible(nn.Sequential(nn.Conv2d(3, 4, 3), neurons), pictures(), 2)


def test_users_of_one_state_must_agree_on_its_shape_and_decay() -> None:
    state = SharedState()
    model = nn.Sequential(SharedLIF(state), nn.MaxPool2d(2), SharedLIF(state))
    with pytest.raises(ValueError, match=r"layer '2': shape \(4, 3, 4, 4\).*\(4, 3, 8, 8\)"):
        run_reversible(model, pictures(), 2)
