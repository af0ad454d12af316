"""Speech by espeak-ng, called through ctypes."""

import ctypes
import shutil
import tempfile

import espeakng_loader
import numpy as np
import numpy.typing as npt

from devaflow.errors import InputError

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 22050  # Hz, of every voice that espeak-ng computes itself
LONGEST, FASTEST = 2.8, 400  # seconds of speech, words a minute
QUIETEST = 1e-3  # of full scale

# From espeak-ng's speak_lib.h.
_SYNCHRONOUS, _UTF8, _POSITION_CHARACTER = 2, 1, 1
_RATE, _PITCH = 1, 3
_SEED = 1
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def speak(sentence: str, voice: str, pitch: int, rate: int) -> Samples:
    """Speak a sentence: samples in [-1, 1] at SAMPLE_RATE, without silence at the ends.

    espeak-ng seeds its noise with the clock and keeps the state of its synthesiser in static
    variables that nothing resets, so the same call gives other samples the second time. Each
    utterance therefore has a copy of the library to itself, and a fixed seed. Raises InputError
    where espeak-ng does not start or has no such voice.
    """
    engine = _fresh_library()
    data = str(espeakng_loader.get_data_path()).encode()
    if engine.espeak_Initialize(_SYNCHRONOUS, 0, data, 0) != SAMPLE_RATE:
        raise InputError("espeak-ng did not start: reinstall the package espeakng-loader")
    engine.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
    pieces: list[npt.NDArray[np.int16]] = []

    def receive(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if samples and count > 0:
            pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _CALLBACK(receive)  # named, because ctypes holds no reference of its own
    engine.espeak_SetSynthCallback(callback)
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise InputError(f"espeak-ng has no voice {voice!r}: choose one of its voices")
    engine.espeak_SetParameter(_RATE, rate, 0)
    engine.espeak_SetParameter(_PITCH, pitch, 0)
    text = sentence.encode()
    engine.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
    engine.espeak_Synchronize()
    engine.espeak_Terminate()
    return trimmed(np.concatenate(pieces).astype(np.float32) / np.float32(32768))


def _fresh_library() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        return ctypes.CDLL(shutil.copy(espeakng_loader.get_library_path(), folder))


def speak_within(sentence: str, voice: str, pitch: int, rate: int) -> tuple[Samples, int]:
    """Speak a sentence, faster if it would last more than LONGEST seconds.

    Returns the samples and the rate that was used, at most FASTEST.
    """
    speech = speak(sentence, voice, pitch, rate)
    while len(speech) > LONGEST * SAMPLE_RATE and rate < FASTEST:
        rate = min(FASTEST, rate + 15)
        speech = speak(sentence, voice, pitch, rate)
    return speech, rate


def without_pitch(samples: Samples) -> Samples:
    """The samples with random signs: as loud as before in every moment, and never periodic.

    A whisper of espeak-ng is not enough: openSMILE still finds an F0 in some of its frames.
    """
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], len(samples))
    return (samples * signs).astype(np.float32)


def trimmed(samples: Samples) -> Samples:
    """The samples between the first and the last that are louder than QUIETEST."""
    loud = np.flatnonzero(np.abs(samples) > QUIETEST)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def at_level(samples: Samples, decibels: float) -> Samples:
    """The samples scaled to an RMS level in dB relative to full scale."""
    rms = np.sqrt(np.mean(samples**2))
    return (samples * (10 ** (decibels / 20) / rms)).clip(-1, 1)
