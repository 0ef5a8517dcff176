"""Voice activity detection by a pretrained network: the probability, 31 times per second, that somebody speaks.

    pip install 'purenn[pretrained]'
    python examples/pretrained/voices.py [SOUND.wav]

The network is silero-vad 6 (https://github.com/snakers4/silero-vad), a small convolutional network before an LSTM, with
weights from the package silero-vad. `jax.lax.scan` carries the LSTM's memory from chunk to chunk. Without a file it
uses sentences and silence from the package phonlab. The picture is written to out/voices.png.
"""

from __future__ import annotations

import importlib.metadata
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from scipy.io import wavfile
from scipy.signal import resample_poly

import purenn
from purenn import functional as F
from purenn import nn

RATE, CHUNK, CONTEXT, MEMORY = 16_000, 512, 64, 128  # samples per second, per chunk, and of context; width of the LSTM
OUT = Path(__file__).resolve().parents[2] / "out"
Carry = tuple[jax.Array, tuple[jax.Array, jax.Array]]


class VoiceDetector(nn.Module):
    """Maps a chunk with its context (batch, 576) and the memory before it to a probability and the memory after it."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, MEMORY)
        self.final_conv = nn.Conv1d(MEMORY, 1, 1)

    def forward(self, samples: jax.Array, memory: tuple[jax.Array, jax.Array]) -> Any:
        padded = F.pad(samples, (0, CONTEXT), mode="reflect")
        real, imaginary = jnp.split(self.stft_conv(padded[:, None]), 2, axis=1)
        x = jnp.sqrt(real**2 + imaginary**2)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.relu(conv(x))
        h, c = self.lstm_cell(x[:, :, 0], memory)
        return F.sigmoid(self.final_conv(F.relu(h)[:, :, None]))[:, 0, 0], (h, c)


def package_file(package: str, name: str) -> Path:
    return Path(str(importlib.metadata.distribution(package).locate_file(name)))


def load() -> VoiceDetector:
    net = VoiceDetector()
    net.load_state_dict(purenn.load(package_file("silero-vad", "silero_vad/data/silero_vad_16k.safetensors")))
    return net.eval()


def silence(batch: int) -> Carry:
    """The context and the memory before the first chunk."""
    zeros = jnp.zeros((batch, MEMORY))
    return jnp.zeros((batch, CONTEXT)), (zeros, zeros)


def detector(net: VoiceDetector) -> Any:
    """A compiled function of a carry and chunks (number, batch, 512): the next carry, and probabilities per chunk."""

    @purenn.jit
    def stream(params: Any, carry: Carry, chunks: jax.Array) -> tuple[Carry, jax.Array]:
        def step(carry: Carry, chunk: jax.Array) -> tuple[Carry, jax.Array]:
            context, memory = carry
            samples = jnp.concatenate([context, chunk], axis=1)
            (probability, memory), _ = purenn.functional_call(net, params, {}, samples, memory)
            return (samples[:, -CONTEXT:], memory), probability

        return jax.lax.scan(step, carry, chunks)

    return lambda carry, chunks: stream(net.params, carry, chunks)


def sound(path: str | None) -> np.ndarray:
    """One channel at 16 kHz: a file, or sentences with silence between them."""

    def read(path: str | Path) -> np.ndarray:
        rate, samples = wavfile.read(path)
        scale = np.iinfo(samples.dtype).max if samples.dtype.kind == "i" else 1
        samples = samples.astype(np.float32) / scale
        return resample_poly(samples if samples.ndim == 1 else samples.mean(1), RATE, rate).astype(np.float32)

    if path is not None:
        return read(path)
    pause, parts = np.zeros(RATE, np.float32), []
    for name in ("three_plus_five", "might_have_a_class", "im_twelve"):
        parts += [pause, read(package_file("phonlab", f"phonlab/data/example_audio/{name}.wav"))]
    return np.concatenate([*parts, pause])


def in_chunks(samples: np.ndarray) -> jax.Array:
    """Samples of one recording as chunks (number, 1, 512). Silence fills the last chunk."""
    padded = np.pad(samples, (0, -len(samples) % CHUNK))
    return jnp.asarray(padded.reshape(-1, 1, CHUNK))


def picture(samples: np.ndarray, probabilities: np.ndarray) -> Path:
    """Draws the waveform with the probability over it."""
    seconds = (np.arange(len(probabilities)) + 0.5) * CHUNK / RATE
    figure, axis = plt.subplots(figsize=(9, 2.6), dpi=100, layout="constrained")
    axis.plot(np.arange(len(samples)) / RATE, samples / np.abs(samples).max(), color="0.7", linewidth=0.5)
    axis.plot(seconds, probabilities, color="tab:blue")
    axis.set(xlabel="time, s", ylabel="sound, probability", title="speech by silero-vad", ylim=(-1.05, 1.05))
    OUT.mkdir(exist_ok=True)
    figure.savefig(OUT / "voices.png")
    return OUT / "voices.png"


def main(path: str | None = None) -> None:
    """Detects speech, draws it, and compares values and times with torch's."""
    import silero_vad
    import torch

    torch.set_num_threads(1)  # as silero_vad does
    samples = sound(path)
    chunks, run = in_chunks(samples), detector(load())
    published: Any = silero_vad.load_silero_vad()
    # the two published files have slightly different weights: torch gets the same as purenn
    arrays = purenn.load(package_file("silero-vad", "silero_vad/data/silero_vad_16k.safetensors"))
    published._model.load_state_dict({torch_name(n): torch.from_numpy(np.array(a)) for n, a in arrays.items()})

    def ours() -> np.ndarray:
        return np.asarray(run(silence(1), chunks)[1])[:, 0]

    def theirs() -> np.ndarray:
        return published.audio_forward(torch.from_numpy(samples)[None], RATE)[0].numpy()

    probabilities = ours()
    difference = np.abs(probabilities - theirs()).max()
    assert difference < 2e-5, difference
    speech = np.mean(probabilities > 0.5)
    print(f"{len(samples) / RATE:.1f} s of sound, {speech:.0%} of it speech: {picture(samples, probabilities)}")
    times: dict[str, list[float]] = {"purenn": [], "torch": []}
    for _ in range(7):
        for name, call in (("purenn", ours), ("torch", theirs)):
            begun = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begun)
    medians = ", ".join(f"{name} {statistics.median(found) * 1e3:.1f} ms" for name, found in times.items())
    print(f"{medians} (medians of 7 runs in turns); they differ by {difference:.1e} at most")


def torch_name(name: str) -> str:
    """The name in torch's network of an array in the safetensors file."""
    places = {"stft_conv.weight": "stft.forward_basis_buffer", "lstm_cell.": "decoder.rnn."}
    places |= {"final_conv.": "decoder.decoder.2."} | {f"conv{i + 1}.": f"encoder.{i}.reparam_conv." for i in range(4)}
    start = next(prefix for prefix in places if name.startswith(prefix))
    return places[start] + name.removeprefix(start)


if __name__ == "__main__":
    main(*sys.argv[1:2])
