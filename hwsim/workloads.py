"""WorkloadSpec: a workload as a command names it, and how it is opened and run (docs/frontends.md)."""

import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim import pipeline
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.frontends.arguments import checked_inputs
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import Inputs, Model, Opened, fitted, load_inputs, timed
from hwsim.methods.calibration import SAMPLES
from hwsim.network import Network
from hwsim.variants import AS_IT_IS, Variant, called, made_inputs, varied


@dataclass(frozen=True, eq=False)
class WorkloadSpec:
    """A model by name or as an object, its inputs in a file or an array with their ``labels``, a file of its
    weights, how many ``samples`` and ``timesteps`` to run, and the ``variant`` of the model. None: as it
    comes, or as the command runs it by default; of an array, all samples."""

    model: str | Model
    inputs: Path | NDArray[Any] | None = None
    weights: Path | None = None
    samples: int | None = None
    timesteps: int | None = None
    variant: Variant = AS_IT_IS
    labels: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """What the model is called where it is asked for."""
        return self.model if isinstance(self.model, str) else called(self.model)

    def check(self) -> None:
        """Raises HwsimError for values and combinations that mean nothing, before any work begins."""
        self.variant.check(self.weights, self.inputs, self.timesteps)

    def open(self) -> Opened:
        """The model, opened as the variant says."""
        return self.variant.open(self.model, self.weights)

    def timed(self) -> Opened:
        """The model, opened for so many timesteps; 1 where neither it nor the spec tells."""
        return timed(self.open(), self.timesteps or 1, self.variant.coding_asked())

    def workload(
        self, samples: int, progress: pipeline.Progress = pipeline.silent
    ) -> tuple[pipeline.Workload, Opened]:
        """The variant on its inputs, ``samples`` if the spec does not say how many: real ones, or synthetic
        ones for calibrated thresholds.

        Warns (HwsimWarning) where there are fewer inputs than were asked for.
        """
        self.check()
        opened, variant = self.open(), self.variant
        if variant.shape and not variant.calibrated:
            raise HwsimError(
                "--shape is that of synthetic inputs, on which a model runs only with --init calibrated"
            )
        synthetic = variant.calibrated and not self._real(opened)
        if synthetic:
            data = Inputs(made_inputs(opened, variant, self.samples or samples, self.steps(opened)), None)
        else:
            data = self._inputs(opened, self.samples or samples)
        opened = fitted(opened, data.values, self.timesteps, variant.coding_asked())
        work = replace(self._captured(opened, data, progress), origin=self._origin(opened, synthetic))
        work, _ = varied(work, opened, variant, synthetic, progress)
        if self.inputs is not None or work.network.timesteps != opened.timesteps:
            opened = replace(opened, tested=None)
        if self.samples is not None and len(work.inputs) < self.samples:
            warnings.warn(
                f"{self.samples} samples asked for, {len(work.inputs)} inputs are there and were taken",
                HwsimWarning,
                stacklevel=2,
            )
        return work, opened

    def _captured(self, opened: Opened, data: Inputs, progress: pipeline.Progress) -> pipeline.Workload:
        """Of a network whose thresholds will be others, PyTorch's own spikes are not recorded."""
        steps, coding, layout = self.steps(opened), self.variant.coding_of(opened), self.variant.layout_of()
        model = opened.model
        if self.variant.calibrated and not isinstance(model, Network):
            model, layout = structure(model, data.values[:1], steps, opened.name, coding, layout), None
        return pipeline.workload(
            model, data.values, steps, opened.name, data.labels, progress, coding, layout
        )

    def looked_at(self, opened: Opened, timesteps: int) -> tuple[NDArray[np.float32], bool]:
        """Samples to look at a model's structure with, and whether they are synthetic: real ones, ones of the
        shape that is known, and synthetic ones where thresholds are to be calibrated."""
        variant = self.variant
        if self._real(opened):
            return self._inputs(opened, SAMPLES if variant.calibrated else 1).values, False
        if variant.calibrated:
            return made_inputs(opened, variant, SAMPLES, timesteps), True
        return np.ones_like(made_inputs(opened, variant, 1, timesteps)), False

    def steps(self, opened: Opened) -> int:
        """Timesteps that it runs. Raises HwsimError where nothing tells how many."""
        if isinstance(opened.model, Network):
            if self.timesteps not in (None, opened.model.timesteps):
                raise HwsimError(
                    f"this saved network has {opened.model.timesteps} timesteps; capture it again for "
                    f"{self.timesteps}"
                )
            return opened.model.timesteps
        steps = self.timesteps or opened.timesteps
        if steps is None:
            raise HwsimError(f"say how many timesteps {opened.name!r} runs: --timesteps T")
        return steps

    def _inputs(self, opened: Opened, samples: int) -> Inputs:
        if self.inputs is not None and not isinstance(self.inputs, Path):
            taken = len(self.inputs) if self.samples is None else self.samples
            labels = None if self.labels is None else np.asarray(self.labels)[:taken]
            return Inputs(checked_inputs(self.inputs[:taken]), labels)
        chosen = self.inputs or opened.inputs
        if chosen is None:
            raise HwsimError(
                f"{opened.name!r} comes without inputs; give real ones with --inputs FILE.npz (images, "
                "labels), or run it on synthetic ones with --init calibrated"
            )
        return load_inputs(chosen, samples)

    def _real(self, opened: Opened) -> bool:
        """Whether there are real inputs: given ones, or the zoo's own if the network still takes their
        shape."""
        if self.inputs is not None or opened.inputs is None:
            return self.inputs is not None
        own = load_inputs(opened.inputs, 1).values.shape[1:]
        return self.variant.input_shape(opened) in (None, own)

    def _origin(self, opened: Opened, synthetic: bool) -> dict[str, Any]:
        """Where model and inputs came from, for the provenance: file names, never whole paths."""
        card = json.loads(opened.card.read_text(encoding="utf-8")) if opened.card else None
        inputs = self.inputs if self.inputs is not None else (None if synthetic else opened.inputs)
        return {
            "model": Path(self.name).name,
            "inputs_file": inputs.name if isinstance(inputs, Path) else None,
            "checkpoint": card,
        }
