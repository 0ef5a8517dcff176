import numpy as np
from functional_engine import Bad, Case, integers, normal, transposed, uniform, values

WINDOW = uniform(8, low=0.5, high=1.5)
g = np.random.default_rng(0)
SPECTRA = values(g.standard_normal((5, 4)) + 1j * g.standard_normal((5, 4)))
FULL = values(g.standard_normal((2, 8, 4)) + 1j * g.standard_normal((2, 8, 4)))
SIGNAL = values(g.standard_normal(12) + 1j * g.standard_normal(12))
COMPLEX_WINDOW = values(1 + g.random(8) + 1j * g.standard_normal(8))
REAL = {"return_complex": False}

CASES = [
    Case("stft", (normal(2, 17), 8, 3, 5, uniform(5)), REAL),
    Case("stft", (transposed(normal(2, 14)), 7, 3, 4, uniform(4), True, "replicate", True), REAL),
    Case("stft", (normal(9), 8, 2, 8, WINDOW, True, "circular", False, False), REAL),
    Case("stft", (normal(5), 8, 2, 8, WINDOW, True, "constant"), REAL),
    Case("stft", (normal(16), 8, None, 5), {"center": False, **REAL}),
    Case("stft", (normal(16), 8, 4, 5, uniform(5)), {"center": False, "align_to_window": True, **REAL}),
    Case("stft", (normal(16), 4, 7), {"center": False, **REAL}),  # with gaps between the frames
    Case("stft", (SIGNAL, 8), {"normalized": True}),
    Case("stft", (normal(12), 8, 2, 8, COMPLEX_WINDOW), half=False),
    Case("istft", (SPECTRA, 8), {"length": 10}),
    Case("istft", (SPECTRA, 8, 3, 6, uniform(6, low=0.5)), {"normalized": True}),
    Case("istft", (FULL, 8, 2, 8), {"onesided": False}),
    Case("istft", (SPECTRA, 8, None, 8, WINDOW), {"center": False}),
    Case("istft", (SPECTRA, 9, 2), {"length": 20}),
    Case("istft", (FULL, 8, 2, 8, WINDOW), {"return_complex": True}, half=False),
    Case("istft", (FULL, 8, 2, 8, COMPLEX_WINDOW), {"return_complex": True, "center": False}),
]

HANN = values(np.hanning(9)[:8], False)
BAD = [
    Bad("stft", (normal(16), 8), match="stft: return_complex must be True or False for real arrays"),
    Bad("stft", (normal(1, 2, 16), 8), REAL, match="stft: input must have rank 1 or 2"),
    Bad("stft", (normal(), 8), REAL, match="stft: input must have rank 1 or 2"),
    Bad("stft", (integers(3, 16), 8), REAL, match="stft: input must have single or double precision"),
    Bad("stft", (normal(16), 8.0), REAL, match="stft: n_fft must be an integer"),
    Bad("stft", (normal(16), 0), REAL, match="stft: n_fft must be at least 1"),
    Bad("stft", (normal(16), 3), REAL, match="stft: hop_length must be at least 1"),
    Bad("stft", (normal(16), 8, 0), REAL, match="stft: hop_length must be at least 1"),
    Bad("stft", (normal(16), 8, 2, 0), REAL, match="stft: win_length must be at least 1"),
    Bad("stft", (normal(16), 8, 2, 9), REAL, match="stft: win_length must be at most n_fft=8"),
    Bad("stft", (normal(16), 8, 2, 6, normal(8)), REAL, match=r"stft: window must have shape \(6,\)"),
    Bad("stft", (normal(16), 8, 2, 8, normal(1, 8)), REAL, match=r"stft: window must have shape \(8,\)"),
    Bad("stft", (normal(16), 8), {"pad_mode": "x", **REAL}, match="stft: pad_mode must be one of"),
    Bad("stft", (normal(16), 32), REAL, match="stft: input must be at least 17 long"),
    Bad("stft", (normal(16), 34), {"pad_mode": "circular", **REAL}, match="stft: input must be at least 17 long"),
    Bad("stft", (normal(16), 17), {"center": False, **REAL}, match="stft: input must be at least n_fft=17 long"),
    Bad("stft", (normal(16), 8), {"align_to_window": True, **REAL}, match="stft: align_to_window must be None"),
    Bad("stft", (SIGNAL, 8), {"onesided": True}, match="stft: onesided must be False for complex"),
    Bad("istft", (normal(5, 9), 8), match="istft: input must be a complex array"),
    Bad("istft", (values(np.ones((1, 1, 5, 9), complex)), 8), match="istft: input must have rank 2 or 3"),
    Bad("istft", (values(np.ones((5, 0), complex)), 8), match="istft: input must have non-zero size"),
    Bad("istft", (SPECTRA, 16), match="istft: input must have 9 frequencies"),
    Bad("istft", (SPECTRA, 8), {"onesided": False}, match="istft: input must have 8 frequencies"),
    Bad("istft", (FULL, 8), {"onesided": True}, match="istft: input must have 5 frequencies"),
    Bad("istft", (SPECTRA, 8), {"return_complex": True}, match="istft: onesided must be False"),
    Bad("istft", (SPECTRA, 8, 2, 8, COMPLEX_WINDOW), match="istft: window must be real"),
    Bad("istft", (SPECTRA, 8, 0), match="istft: hop_length must be at least 1"),
    Bad("istft", (SPECTRA, 8, 7, 6), match="istft: hop_length must be at most win_length=6"),
    Bad("istft", (SPECTRA, 8, 2, 9), match="istft: win_length must be at most n_fft=8"),
    Bad("istft", (SPECTRA, 8, 2, 8, normal(6)), match=r"istft: window must have shape \(8,\)"),
    Bad("istft", (SPECTRA, 8), {"length": 0}, match="istft: length must be at least 1"),
    Bad("istft", (values(np.ones((5, 1), complex)), 8), match="istft: input must have enough frames"),
]
