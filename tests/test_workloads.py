"""Workloads as commands name them."""

import numpy as np

from hwsim.frontends.capture import capture
from hwsim.frontends.synthetic import synthetic_inputs
from hwsim.methods.calibration import calibrate
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec


def test_calibrated_networks_are_those_of_a_whole_capture() -> None:
    """PyTorch's own spikes are of other thresholds: they are not recorded, and the network is the same."""
    spec = WorkloadSpec("fashion", samples=3, variant=Variant(init="calibrated"))
    work, _ = spec.workload(3)
    opened = spec.open()
    captured = capture(opened.model, work.inputs, spec.steps(opened), opened.name)
    whole = calibrate(captured.network, work.inputs).network
    assert work.network.populations == whole.populations
    assert work.reference is None
    for found, expected in zip(work.network.projections, whole.projections, strict=True):
        assert (found.source, found.target) == (expected.source, expected.target)
        if expected.weights is not None:
            assert np.array_equal(found.weights, expected.weights)


def test_labels_of_an_array_are_cut_as_its_samples() -> None:
    images = synthetic_inputs((1, 28, 28), 4)
    spec = WorkloadSpec("fashion", images, samples=2, labels=np.array([1, 2, 3, 4]))
    work, _ = spec.workload(128)
    assert len(work.inputs) == 2
    assert work.labels is not None
    assert work.labels.tolist() == [1, 2]
