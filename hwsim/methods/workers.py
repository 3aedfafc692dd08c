"""What a process that computes candidates does first."""

import torch

from hwsim import jit


def one_thread() -> None:
    """Compute in one thread from now on: sums then depend on no number of processors, and processes do not
    wait for each other's threads."""
    torch.set_num_threads(1)
    jit.one_thread()
