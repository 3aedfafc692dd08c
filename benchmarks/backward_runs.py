"""What one training step with shared states keeps, peaks at and takes, standard and in reverse.

``python -m benchmarks.backward_runs NET SHARING MODE T BATCH CHANNELS`` runs one step in this process and
prints its bytes as JSON: peaks are told apart by processes.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from hwsim.frontends.loading import open_model
from hwsim.methods.lif_sharing import parse_sharing
from hwsim.nn import LIF, SharedLIF, SharedState, run, run_reversible
from hwsim.nn.training_memory import LifMemory, lif_memory
from hwsim.zoo import entry

SEED = 0
NETS = {"VGG16": "efficientlif/vgg16", "ResNet19": "efficientlif/resnet19"}
MODES: dict[str, Callable[..., Tensor]] = {
    "standard": run,
    "reverse": run_reversible,
    "reverse, 64-bit states": partial(run_reversible, state_dtype=torch.float64),
}
ALLOCATIONS = {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
MIB = 2**20


def network(net: str, sharing: str, channels: int = 128) -> nn.Module:
    """One of NETS with random weights of SEED and its LIF states shared, by layers as in the zoo."""
    torch.manual_seed(SEED)
    opened = open_model(NETS[net], settings=(f"channels={channels}",), trained=False)
    model, chosen = opened.model, parse_sharing(sharing)
    assert isinstance(model, nn.Module)
    states = [(patterns, SharedState()) for patterns in entry(NETS[net]).sharing or () if chosen.layers]
    for name, lif in [(n, m) for n, m in model.named_modules() if isinstance(m, LIF)]:
        if chosen:
            found = [s for patterns, s in states if any(fnmatchcase(name, p) for p in patterns)]
            above, _, last = name.rpartition(".")
            shared = SharedLIF(found[0] if found else None, chosen.channel_groups, lif.decay, lif.threshold)
            setattr(model.get_submodule(above), last, shared)
    return model


def pictures(batch: int) -> Tensor:
    return torch.rand(batch, 3, 32, 32, generator=torch.Generator().manual_seed(SEED))


def computed(net: str, sharing: str, mode: str, timesteps: int, batch: int, channels: int) -> LifMemory:
    """:func:`lif_memory` of one image, times ``batch``; layers' spikes are whole bytes."""
    model = network(net, sharing, channels).eval()
    wide = torch.float64 if mode.endswith("64-bit states") else None
    one = lif_memory(model, pictures(1), timesteps, state_dtype=wide)
    return LifMemory(*(batch * n for n in (one.forward, one.unshared, one.unrolled, one.states, one.bits)))


def step(go: Callable[..., Tensor], model: nn.Module, images: Tensor, timesteps: int) -> Tensor:
    """A forward of the training step: cross-entropy of the outputs' mean over the steps."""
    labels = torch.arange(len(images)) % 10
    return nn.functional.cross_entropy(go(model, images, timesteps) / timesteps, labels)


def saved(forward: Callable[[], Tensor], model: nn.Module, images: Tensor) -> int:
    """Bytes that autograd keeps besides parameters, buffers and images; a storage counts once."""
    outside = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers(), images)}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        address = tensor.untyped_storage().data_ptr()
        if address not in outside:
            kept.setdefault(address, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def memory_of_process(field: str) -> int:
    """Bytes in memory now (``VmRSS``) or at most (``VmHWM``); getrusage would tell a parent's peak, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(found.split()[1]) * 1024


def measure(net: str, sharing: str, mode: str, timesteps: int, batch: int, channels: int) -> dict[str, int]:
    """Bytes that autograd keeps, and the process's peak above what it held before the step.

    The peak is of a second step, gradients being there; the first one loads what is loaded once.
    """
    model, images = network(net, sharing, channels), pictures(batch)
    step(MODES[mode], model, images[:2], 1).backward()
    before = memory_of_process("VmRSS")
    step(MODES[mode], model, images, timesteps).backward()
    peak = memory_of_process("VmHWM")
    kept = saved(partial(MODES[mode], model, images, timesteps), model, images)
    return {"kept": kept, "peak": peak - before}


def measured(net: str, sharing: str, mode: str, timesteps: int, batch: int, channels: int) -> dict[str, int]:
    """:func:`measure` in a process of its own, of one thread; what is freed goes back to the system."""
    given = [net, sharing, mode, str(timesteps), str(batch), str(channels)]
    command = [sys.executable, "-m", "benchmarks.backward_runs", *given]
    environment = {**os.environ, **ALLOCATIONS}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=environment)  # noqa: S603
    found: dict[str, int] = json.loads(done.stdout)
    return found


def seconds(
    net: str, sharing: str, modes: list[str], timesteps: int, batch: int, channels: int, repeats: int = 3
) -> dict[str, float]:
    """Shortest training step of each mode, in turns in this process; seconds of its one thread."""
    torch.set_num_threads(1)
    model, images = network(net, sharing, channels), pictures(batch)
    best = dict.fromkeys(modes, float("inf"))
    for mode in modes:
        step(MODES[mode], model, images[:2], 1).backward()
    for _ in range(repeats):
        for mode in modes:
            start = time.process_time()
            step(MODES[mode], model, images, timesteps).backward()
            best[mode] = min(best[mode], time.process_time() - start)
    return best


def gradient_error(net: str, sharing: str, mode: str, timesteps: int, batch: int, channels: int) -> float:
    """Largest difference of a gradient from the standard one, of its tensor's largest."""
    found = []
    for chosen in ("standard", mode):
        model = network(net, sharing, channels)
        step(MODES[chosen], model, pictures(batch), timesteps).backward()
        found.append([p.grad for p in model.parameters() if p.grad is not None])
    return max(((a - b).abs().max() / a.abs().max()).item() for a, b in zip(*found, strict=True) if a.any())


if __name__ == "__main__":
    name, scheme, way, *numbers = sys.argv[1:]
    timesteps, batch, channels = map(int, numbers)
    sys.stdout.write(json.dumps(measure(name, scheme, way, timesteps, batch, channels)))
