import time

import numpy as np
import pytest

pytest.importorskip("espeakng_loader")

from devaflow.demo.voice import (
    LONGEST,
    SAMPLE_RATE,
    at_level,
    speak,
    speak_within,
    trimmed,
    without_pitch,
)
from devaflow.errors import InputError

SENTENCE = "the coffee is excellent and the cakes are fresh"


def test_the_same_sentence_sounds_the_same_whatever_was_said_before_and_when():
    noisy = ("a terrible kitchen and I won't go back there", "en-us+f5", 50, 200)
    first = speak(*noisy)
    speak("a dull museum", "en-us+m3", 30, 250)
    time.sleep(1.1)  # left alone, espeak-ng takes its seed from the second of the clock
    assert np.array_equal(first, speak(*noisy))


def test_a_long_sentence_is_spoken_faster_until_it_fits():
    slow = speak(SENTENCE, "en-us+f1", 50, 120)
    speech, rate = speak_within(SENTENCE, "en-us+f1", 50, 120)
    assert len(slow) > LONGEST * SAMPLE_RATE >= len(speech)
    assert rate > 120


def test_level_is_the_rms_in_decibels():
    loud = at_level(speak(SENTENCE, "en-us+f1", 50, 200), -26)
    assert 20 * np.log10(np.sqrt(np.mean(loud**2))) == pytest.approx(-26, abs=0.05)


def test_silence_at_both_ends_is_cut():
    sound = np.array([0, 0, 0.5, 0, -0.5, 0], np.float32)
    assert trimmed(sound).tolist() == [0.5, 0, -0.5]
    assert len(trimmed(sound * 0)) == 0


def test_an_unknown_voice_is_named():
    with pytest.raises(InputError, match="xx-none"):
        speak(SENTENCE, "xx-none", 50, 200)


def test_a_voice_without_pitch_is_as_loud_and_has_no_period():
    speech = speak("a quiet word about the film", "en-us+f3", 50, 170)
    mute = without_pitch(speech)
    assert (np.abs(mute) == np.abs(speech)).all()

    def peak(samples):
        """The largest autocorrelation at the periods of 80 to 400 Hz."""
        spectrum = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
        correlation = np.fft.irfft(spectrum)
        return (correlation[55:276] / correlation[0]).max()

    assert peak(speech) > 0.2
    assert peak(mute) < 0.1
