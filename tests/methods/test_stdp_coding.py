"""Poisson spikes of images, and the labels and votes of neurons."""

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.methods.stdp.labels import NO_LABEL, assigned
from hwsim.methods.stdp.learner import Learner, pixels
from tests.methods.stdp_small import of_digits

GRAY = np.full((1, 64), 128, np.uint8)


def learner_of(**fields: object) -> Learner:
    return Learner(of_digits(**fields), 64)


def test_a_pixel_spikes_with_its_probability_at_each_step_independently() -> None:
    spikes = learner_of(timesteps=2000, max_rate=500.0).spikes(GRAY, 0, 0)[0].astype(float)
    p, n = 128 / 255 * 0.5, spikes.size
    assert spikes.mean() == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / n))
    # in neighboring steps, and in neighboring pixels, together with p^2
    for both in (spikes[1:] * spikes[:-1], spikes[:, 1:] * spikes[:, :-1]):
        assert both.mean() == pytest.approx(p**2, abs=5 * np.sqrt(p**2 / n))


def test_a_black_pixel_never_spikes_and_a_white_one_at_1000_hz_always() -> None:
    image = np.tile(np.array([[0, 255]], np.uint8), 32)
    spikes = learner_of(max_rate=1000.0).spikes(image, 0, 0)[0]
    assert spikes[:, 0::2].sum() == 0
    assert spikes[:, 1::2].all()


def test_spikes_are_those_of_the_seed_the_stream_and_the_images_number() -> None:
    learner = learner_of()
    same = learner.spikes(np.repeat(GRAY, 3, axis=0), 5, 1)
    np.testing.assert_array_equal(same[1], learner.spikes(GRAY, 6, 1)[0])
    for other in (same[2], learner.spikes(GRAY, 6, 2)[0], learner_of(seed=1).spikes(GRAY, 6, 1)[0]):
        assert (same[1] != other).any()


def test_images_learned_in_parts_are_learned_as_at_once() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 64)).astype(np.uint8)
    once, parts = learner_of(), learner_of()
    all_of, counts = once.learn(images, 0, 3)
    first, second = parts.learn(images[:2], 0, 3), parts.learn(images[2:], 2, 3)
    np.testing.assert_array_equal(once.weights, parts.weights)
    np.testing.assert_array_equal(all_of, np.concatenate([first[0], second[0]]))
    assert counts == first[1] + second[1]


def test_bytes_are_taken_as_they_are_and_intensities_in_255_steps() -> None:
    assert pixels(np.array([[[0, 255]]], np.uint8)).tolist() == [[0, 255]]
    assert pixels(np.array([[0.0, 0.5, 1.0]], np.float32)).tolist() == [[0, 128, 255]]
    with pytest.raises(HwsimError, match="span -1 to 1; allowed are 0 to 1, or bytes"):
        pixels(np.array([[-1.0, 1.0]]))


def test_a_neuron_stands_for_the_class_to_which_it_answers_most_on_average() -> None:
    # class 0 is shown three times, class 1 once: 6 spikes are 2 an image, fewer than 3
    responses = np.array([[2, 0, 1], [2, 0, 1], [2, 0, 1], [3, 0, 0]], np.int32)
    labels = assigned(responses, np.array([0, 0, 0, 1]), classes=3)
    assert labels.of.tolist() == [1, NO_LABEL, 0]
    assert labels.votes.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]


def test_classes_are_weighed_by_their_neurons_and_proportion_by_how_clear_they_are() -> None:
    # neurons 0 and 1 answer to class 0 alone; neuron 2 with 3 spikes to class 1 and 1 to class 0
    responses, truth = np.array([[4, 2, 1], [0, 0, 3]], np.int32), np.array([0, 1])
    equal = assigned(responses, truth, 2)
    assert equal.votes.tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    weighed = assigned(responses, truth, 2, "proportion")
    assert weighed.votes.tolist() == [[0.5, 0.5, 0], [0, 0, 0.75]]
    # three spikes of neurons 0, 0, 1 make 1.5 for class 0, above one of neuron 2; two and silence do not
    assert equal.answers(np.array([[0, 0, 1, 2], [0, 2, -1, -1]])).tolist() == [0, 1]


def test_equal_votes_and_no_votes_go_to_the_first_class() -> None:
    labels = assigned(np.array([[1, 0], [0, 1]], np.int32), np.array([0, 1]), 2)
    assert labels.answers(np.array([[0, 1], [-1, -1]])).tolist() == [0, 0]
