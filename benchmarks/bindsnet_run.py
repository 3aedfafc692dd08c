"""BindsNET's DiehlAndCook2015 learns images; runs in .venv-bindsnet, asked by benchmarks.bindsnet_speed.

``python bindsnet_run.py IMAGES.npz NEURONS STEPS``; prints its seconds as JSON. Only networks are imported:
the package itself loads data sets and game environments, whose libraries are not installed.
"""

import json
import sys
import time
import types
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch


def networks() -> types.ModuleType:
    """``bindsnet.models`` without ``bindsnet/__init__.py``."""
    found = find_spec("bindsnet")
    assert found is not None
    assert found.origin is not None
    package = types.ModuleType("bindsnet")
    package.__path__ = [str(Path(found.origin).parent)]
    sys.modules["bindsnet"] = package
    import bindsnet.network  # noqa: F401, PLC0415  (before models: their imports go in a circle)
    from bindsnet import models  # noqa: PLC0415

    return models


def main() -> None:
    path, neurons, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    spikes = torch.from_numpy(np.load(path)["spikes"])
    network = networks().DiehlAndCook2015(784, n_neurons=neurons, inh=120.0)
    network.run({"X": spikes[0].view(steps, 1, 784)}, time=steps)
    network.reset_state_variables()
    began, busy = time.perf_counter(), time.process_time()
    for image in spikes[1:]:
        network.run({"X": image.view(steps, 1, 784)}, time=steps)
        network.reset_state_variables()
    took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - busy}
    print(json.dumps({"images": len(spikes) - 1, "torch": torch.__version__} | took))  # noqa: T201


if __name__ == "__main__":
    main()
