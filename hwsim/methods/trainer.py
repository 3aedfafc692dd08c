"""One training as it runs: a model, a fed data set and an optimizer, an epoch at a time."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwsim.datasets import Split
from hwsim.errors import HwsimError, one_line
from hwsim.methods.augment import one_hot
from hwsim.methods.pruning import apply_masks, magnitude_masks, sparsity, sparsity_at
from hwsim.methods.spike_penalty import emitting
from hwsim.methods.train_data import Feed
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.train_state import State
from hwsim.nn import SpikingNeuron, draw_path
from hwsim.nn.asgl import (
    count_emitted,
    emitted,
    parameter_groups,
    set_spike_fraction,
    smoothings,
    spike_fraction_schedule,
)
from hwsim.nn.reversible import run_reversible
from hwsim.nn.timed import unroll

Progress = Callable[[int, int], None]

EVALUATED = 250
"""Samples of a batch without gradients."""


def rate_factor(step: int, steps: int, warmup: int) -> float:
    """Learning rate over its peak at ``step`` (from 0) of ``steps``: (step + 1) / warmup while it rises,
    then (1 + cos(pi x)) / 2 with x the part done of the rest."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


class Trainer:
    """``model`` trained as ``feed.spec`` says.

    What an epoch draws at random follows from the seed and the epoch's number alone, so that a training can
    go on at any epoch. Samples that fill no last mini-batch wait for another epoch. All timesteps are
    computed at once where the model allows it (:func:`hwsim.nn.timed.unroll`).
    """

    def __init__(self, model: nn.Module, feed: Feed, device: torch.device) -> None:
        self.spec, self.feed, self.device = feed.spec, feed, device
        self.model = model.to(device)
        self.optimizers = _optimizers(self.spec, model)
        self.peaks = {name: one.param_groups[0]["lr"] for name, one in self.optimizers.items()}
        self.masks: dict[str, Tensor] = {}
        self.batches = max(1, len(feed.train) // self.spec.batch)

    def state(self, epoch: int, history: list[dict[str, Any]], origin: dict[str, str]) -> State:
        masks = {name: mask.cpu() for name, mask in self.masks.items()}
        optimizers = {name: one.state_dict() for name, one in self.optimizers.items()}
        threads = torch.get_num_threads()
        return State(epoch, self.model.state_dict(), optimizers, masks, history, threads, origin)

    def resume(self, state: State) -> None:
        """Go on after ``state``. Raises HwsimError where it is of another model."""
        try:
            self.model.load_state_dict(state.model)
            for name, one in self.optimizers.items():
                one.load_state_dict(state.optimizers[name])
        except (RuntimeError, ValueError, KeyError) as error:
            raise HwsimError(f"the checkpoint is of another model: {one_line(error)}") from None
        self.masks = {name: mask.to(self.device) for name, mask in state.masks.items()}

    def epoch(self, number: int, progress: Progress) -> dict[str, Any]:
        """Train epoch ``number`` (from 1), then measure it: a row of metrics.jsonl.

        Raises HwsimError naming epoch and batch where the loss is no finite number, a tensor that is none
        after the epoch, and a mini-batch that the model does not take.
        """
        spec = self.spec
        p = spike_fraction_schedule(spec.spike_fraction, spec.zeta, spec.milestones, number - 1)
        set_spike_fraction(self.model, p)
        if spec.prune:
            self._prune(number)
        with drawing(spec.seed, number, self.device) as rng:
            loss, accuracy = self._train(number, rng, progress)
        shares = self._shares()
        tested, rates = self.evaluate(self.feed.test)
        row = {
            "epoch": number,
            "loss": loss,
            "train_accuracy": accuracy,
            "test_accuracy": tested,
            "rate": self.optimizers["weights"].param_groups[0]["lr"],
            "spike_rates": rates,
        }
        if spec.method == "asgl":
            alphas = {n.removesuffix(".surrogate"): m.alpha.item() for n, m in smoothings(self.model).items()}
            row |= {"spike_fraction": p, "alphas": alphas} | shares
        return row | ({"sparsity": sparsity(self.model)} if spec.prune else {})

    @torch.no_grad()
    def evaluate(self, split: Split) -> tuple[float, dict[str, float]]:
        """Share of right answers in eval mode, and spikes per neuron and step of every layer of neurons."""
        self.model.eval()
        right = 0
        with counted(self.model) as rates, drawing(self.spec.seed, 0, self.device) as rng:
            for start in range(0, len(split), EVALUATED):
                part = split.take(slice(start, start + EVALUATED))
                answers = self._answers(self.feed.batch(part, rng)[0])
                right += int((answers.argmax(1).cpu() == torch.from_numpy(part.labels)).sum())
        return right / len(split), {name: spikes / values for name, (spikes, values) in rates.items()}

    def _train(self, number: int, rng: np.random.Generator, progress: Progress) -> tuple[float, float]:
        self.model.train()
        order = rng.permutation(len(self.feed.train))[: self.batches * self.spec.batch]
        losses, right = 0.0, 0
        steps = self.spec.epochs * self.batches
        for i in range(self.batches):
            part = self.feed.train.take(order[i * self.spec.batch : (i + 1) * self.spec.batch])
            inputs, targets = self.feed.batch(part, rng, self.spec.augment)
            factor = rate_factor((number - 1) * self.batches + i, steps, self.spec.warmup * self.batches)
            for name, optimizer in self.optimizers.items():
                optimizer.param_groups[0]["lr"] = self.peaks[name] * factor
            draw_path(self.model, rng)
            if i == self.batches - 1:
                count_emitted(self.model)
            try:
                loss, answers = self._loss(inputs, targets)
            except ValueError as error:
                raise HwsimError(f"a mini-batch of {len(part)}: {one_line(error)}") from None
            if not math.isfinite(value := float(loss.detach())):
                raise HwsimError(
                    f"the loss is {value} in epoch {number}, batch {i + 1} of {self.batches}; a lower rate "
                    f"(it is {self.spec.rate:g}) or a longer warm-up may help"
                )
            self.model.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            for optimizer in self.optimizers.values():
                optimizer.step()
            for smoothing in smoothings(self.model).values():
                smoothing.project()
            apply_masks(self.model, self.masks)
            losses += value * len(part)
            right += int((answers.detach().argmax(1).cpu() == torch.from_numpy(part.labels)).sum())
            progress(i + 1, self.batches)
        if lost := [name for name, tensor in self.model.state_dict().items() if not tensor.isfinite().all()]:
            raise HwsimError(
                f"{lost[0]} is no finite number after epoch {number}; a lower rate (it is "
                f"{self.spec.rate:g}) or a longer warm-up may help"
            )
        return losses / len(order), right / len(order)

    def _answers(self, inputs: Tensor) -> Tensor:
        """(B, classes): mean over the steps of what the last layer gives, with efficientlif the sum."""
        inputs, summed = inputs.to(self.device), self.spec.method == "efficientlif"
        if self.model.training and self.spec.backward == "reverse":
            total = run_reversible(self.model, inputs, self.feed.timesteps)
            return total if summed else total / self.feed.timesteps
        shown = self.feed.timesteps if self.feed.coding == "frames" else None
        outputs = unroll(self.model, inputs, shown, normalization=self.spec.normalized)
        return outputs.sum(0) if summed else outputs.mean(0)

    def _loss(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of a mini-batch, with the penalty of its spikes, and its answers."""
        targets = targets.to(self.device)
        if not self.spec.spike_penalty:
            answers = self._answers(inputs)
            return self._error(answers, targets), answers
        with emitting(self.model) as emitted:
            answers = self._answers(inputs)
        return self._error(answers, targets) + emitted.penalty(self.spec.spike_penalty), answers

    def _error(self, answers: Tensor, targets: Tensor) -> Tensor:
        smooth = self.spec.label_smoothing
        if self.spec.loss == "ce":
            return nn.functional.cross_entropy(answers, targets, label_smoothing=smooth)
        wanted = one_hot(targets, answers.shape[1])
        return nn.functional.mse_loss(answers, wanted * (1 - smooth) + smooth / answers.shape[1])

    def _prune(self, number: int) -> None:
        if number <= self.spec.prune_epochs:
            self.masks = magnitude_masks(
                self.model, sparsity_at(number, self.spec.prune, self.spec.prune_epochs)
            )
        apply_masks(self.model, self.masks)

    def _shares(self) -> dict[str, dict[str, float]]:
        """Share of values between 0 and 1 in what each layer emitted in the epoch's last batch: among all of
        them, and among those that are not 0, which are what the next layer works on."""
        found = {n.removesuffix(".surrogate"): e for n, e in emitted(self.model).items()}
        count_emitted(self.model, False)
        return {
            "graded": {name: e.graded_share for name, e in found.items()},
            "graded_of_nonzero": {name: e.mac_share for name, e in found.items()},
        }


@contextmanager
def drawing(seed: int, epoch: int, device: torch.device) -> Iterator[np.random.Generator]:
    """The generator of an epoch for order, augmentation and coding; PyTorch's own, of dropout and masks, is
    seeded from it and given back afterwards as it was."""
    rng = np.random.default_rng([seed, epoch])
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int(rng.integers(2**63)))
        yield rng


@contextmanager
def counted(model: nn.Module) -> Iterator[dict[str, tuple[int, int]]]:
    """Spikes and values that every layer of neurons emits meanwhile."""
    counts: dict[str, tuple[int, int]] = {}

    def count(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            spikes, values = counts.get(name, (0, 0))
            counts[name] = spikes + int(output.count_nonzero()), values + output.numel()

        return hook

    hooks = [
        module.register_forward_hook(count(name))
        for name, module in model.named_modules()
        if isinstance(module, SpikingNeuron)
    ]
    try:
        yield counts
    finally:
        for hook in hooks:
            hook.remove()


def _optimizers(spec: TrainSpec, model: nn.Module) -> dict[str, torch.optim.Optimizer]:
    """Of the weights what the spec names; of ASGL's alphas Adam, whose steps do not shrink with their
    gradients: those are 1 / alpha^2 of a wide clip's, and would not move it under SGD."""
    weights, *alphas = parameter_groups(model, spec.rate, spec.alpha_rate)
    if spec.optimizer == "sgd":
        own: torch.optim.Optimizer = torch.optim.SGD(
            [weights], spec.rate, momentum=spec.momentum, weight_decay=spec.weight_decay
        )
    else:
        kind = torch.optim.Adam if spec.optimizer == "adam" else torch.optim.AdamW
        own = kind([weights], spec.rate, weight_decay=spec.weight_decay)
    return {"weights": own} | ({"alphas": torch.optim.Adam(alphas)} if alphas else {})
