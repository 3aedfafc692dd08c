"""The filter bank and the integrators of spoken digits, against their equations."""

import numpy as np

from hwsim.datasets import speech


def test_a_tone_drives_the_band_that_it_lies_in_most() -> None:
    t = np.arange(8000) / speech.RATE
    edges = speech.bank().argmax(1) * speech.RATE / speech.WINDOW
    for tone in (500.0, 1000.0, 2500.0):
        pcm = (8000 * np.sin(2 * np.pi * tone * t)).astype(np.int16)
        energy = speech.energies(pcm, np.array([0, 8000]))
        top = energy[0, 20].argmax()
        # bands are 34 mel apart, at most 150 Hz below 4 kHz
        assert abs(edges[top] - tone) < 150
        assert np.isclose(energy.max(), 1)


def test_energy_is_in_decibels_below_the_loudest_of_the_clip() -> None:
    # a second half at a tenth of the amplitude is 20 dB below: half of the 40 dB shown
    t = np.arange(6400)
    loud = np.where(t < 3200, 10_000, 1000) * np.sin(2 * np.pi * 1000 / speech.RATE * t)
    energy = speech.energies(loud.astype(np.int16), np.array([0, 6400]))[0]
    top = energy[10].argmax()
    assert np.isclose(energy[10, top] - energy[60, top], 0.5, atol=0.01)


def test_silence_and_padding_are_zero() -> None:
    pcm = np.concatenate([np.zeros(900, np.int16), np.full(900, 5000, np.int16)])
    energy = speech.energies(pcm, np.array([0, 900, 1800]))
    assert not energy[0].any()
    assert not energy[1, -(-900 // speech.HOP) :].any()


def test_the_integrator_by_hand() -> None:
    # gain 1, leak 0.9, current 0.6: u = .6, 1.14 -> spike, .14 * .9 + .6 = .726, 1.2534 -> spike, ...
    spikes = speech.fire(np.full((1, 4, 1), 0.6, np.float32))
    assert spikes.ravel().tolist() == [0, 1, 0, 1]
