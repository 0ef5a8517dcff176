"""Trains with orbax checkpoints, and continues from the last one after any interruption.

    python examples/resume.py FOLDER [steps]

Kill it at any time, even with kill -9 in the middle of a save, and run it again. It continues from the last complete
checkpoint, and prints the same losses as a run without an interruption. orbax writes a
checkpoint to a temporary folder and renames it at the end, so an incomplete checkpoint is never read.

It needs the extra `notebooks` (orbax-checkpoint).
"""

import sys
from pathlib import Path

import numpy as np
import optax
import orbax.checkpoint as ocp

import purenn
from purenn import functional as F
from purenn import interop, nn

folder, steps = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if sys.argv[2:] else 30
EVERY = 5  # steps between checkpoints

purenn.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
opt = nn.Optimizer(net, optax.adam(1e-2))


def batch_of(step):
    """The batch of a step depends only on its number, so the data also continue at the right place."""
    rng = np.random.default_rng(step)
    x = rng.normal(size=(64, 8)).astype(np.float32)
    return x, np.sin(x.sum(1, keepdims=True))


def loss_fn(net, x, y):
    return F.mse_loss(net(x), y)


with ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=2)) as manager:
    first = 0
    if (last := manager.latest_step()) is not None:
        # the current tree has the structure, shapes and dtypes to restore
        saved = manager.restore(last, args=ocp.args.StandardRestore(interop.training_state(opt)))
        first = interop.restore_training_state(opt, saved)
    print(f"from step {first}", flush=True)
    for step in range(first, steps):
        loss = opt.step(loss_fn, *batch_of(step))
        print(f"step {step}: loss {float(loss)!r}", flush=True)
        if (step + 1) % EVERY == 0:
            manager.save(step + 1, args=ocp.args.StandardSave(interop.training_state(opt, step + 1)))
