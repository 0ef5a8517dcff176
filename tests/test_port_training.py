"""Training loops, optimizers and schedules: the port trains as torch does."""

import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from purenn import nn
from purenn.port import port

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


@pytest.fixture(autouse=True)
def promotion():
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def both(source):
    """The names that a source defines in torch, those of its port, and the text of the port."""
    source = HEAD + textwrap.dedent(source)
    ported = port(source)
    assert not [remark for remark in ported.remarks if remark.todo], ported.remarks
    theirs, ours = {}, {}
    exec(source, theirs)
    exec(ported.source, ours)
    return theirs, ours, ported.source


def data(steps=4):
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal((5, 3)).astype(np.float32), rng.standard_normal((5, 2)).astype(np.float32))
        for _ in range(steps)
    ]


def linears():
    torch.manual_seed(0)
    theirs, ours = torch.nn.Linear(3, 2), nn.Linear(3, 2)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def same(theirs, ours, rtol=1e-4):
    for name, array in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], array, rtol=rtol, atol=1e-5, err_msg=name)


LOOP = """
def train(model, batches):
    optimizer = {optimizer}
    {scheduler}
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        {clip}
        optimizer.step()
        {step}
        losses.append(loss.item())
    return losses
"""

P = "model.parameters()"
OPTIMIZERS = [
    f"torch.optim.SGD({P}, 0.1)",
    f"torch.optim.SGD({P}, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)",
    f"torch.optim.Adam({P})",
    f"torch.optim.Adam({P}, lr=0.05, betas=(0.5, 0.99), eps=1e-6, weight_decay=0.1)",
    f"torch.optim.AdamW({P}, lr=0.05)",
    f"torch.optim.RMSprop({P}, lr=0.01, alpha=0.9, momentum=0.5, centered=True)",
    f"torch.optim.RMSprop({P})",
    f"torch.optim.Adagrad({P}, lr=0.1)",
    f"torch.optim.Adadelta({P}, lr=0.5)",
    f"torch.optim.Adamax({P})",
    "torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=0.05)",
]


def some(values, *places):
    """The values. Those at other places are slow."""
    return [v if i in places else pytest.param(v, marks=pytest.mark.slow) for i, v in enumerate(values)]


@pytest.mark.parametrize("optimizer", some(OPTIMIZERS, 1, 3, 5))
def test_optimizers(optimizer):
    theirs, ours, _ = both(LOOP.format(optimizer=optimizer, scheduler="pass", clip="pass", step="pass"))
    a, b = linears()
    expected = theirs["train"](a, [tuple(map(torch.tensor, batch)) for batch in data()])
    np.testing.assert_allclose(ours["train"](b, data()), expected, rtol=1e-4)
    same(a, b)


@pytest.mark.parametrize(
    "scheduler",
    some(
        [
            "StepLR(optimizer, 2, gamma=0.5)",
            "ExponentialLR(optimizer, 0.7)",
            "MultiStepLR(optimizer, milestones=[1, 3])",
            "CosineAnnealingLR(optimizer, T_max=4, eta_min=0.01)",
            "LambdaLR(optimizer, lambda step: 1 / (step + 1))",
        ],
        0,
        3,
    ),
)
def test_schedules(scheduler):
    setting = {
        "optimizer": f"torch.optim.SGD({P}, lr=0.1)",
        "scheduler": f"scheduler = torch.optim.lr_scheduler.{scheduler}",
        "clip": "torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)",
        "step": "scheduler.step()",
    }
    theirs, ours, text = both(LOOP.format(**setting))
    assert "scheduler" not in text
    a, b = linears()
    theirs["train"](a, [tuple(map(torch.tensor, batch)) for batch in data()])
    ours["train"](b, data())
    same(a, b)


def test_state_that_the_loop_carries():
    """A detached hidden state goes from step to step, and logged values are returned with the loss."""
    theirs, ours, text = both("""
        def train(model, head, sequences):
            optimizer = torch.optim.Adam(list(model.parameters()) + list(head.parameters()), lr=0.01)
            hidden = torch.zeros(1, 2, 4)
            logged = []
            for step, x in enumerate(sequences):
                hidden = hidden.detach()
                out, hidden = model(x, hidden)
                scores = head(out)
                # predict the next input
                loss = F.mse_loss(scores[:-1], x[1:])
                if step % 2 == 0:
                    logged.append(scores.mean().item())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            return hidden, logged
        """)
    assert (
        "optimizer.step(loss_fn, x, hidden, has_aux=True)" in text
        or "optimizer.step(loss_fn, hidden, x, has_aux=True)" in text
    )
    assert "# predict the next input" in text
    torch.manual_seed(0)
    a, a_head, b, b_head = torch.nn.GRU(3, 4), torch.nn.Linear(4, 3), nn.GRU(3, 4), nn.Linear(4, 3)
    b.load_state_dict(a.state_dict())
    b_head.load_state_dict(a_head.state_dict())
    xs = [np.random.default_rng(i).standard_normal((4, 2, 3)).astype(np.float32) for i in range(3)]
    hidden, logged = theirs["train"](a, a_head, list(map(torch.tensor, xs)))
    got, got_logged = ours["train"](b, b_head, list(map(jnp.asarray, xs)))
    np.testing.assert_allclose(got, hidden.detach(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got_logged, logged, rtol=1e-4, atol=1e-5)
    same(a, b)
    same(a_head, b_head)


def test_class_with_its_optimizer_and_an_average():
    theirs, ours, text = both("""
        class Trainer:
            def __init__(self, net, target):
                self.net, self.target = net, target
                self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)

            def update(self, x, y):
                with torch.no_grad():
                    goal = self.target(x) + y
                loss = F.smooth_l1_loss(self.net(x), goal)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                for p, q in zip(self.net.parameters(), self.target.parameters()):
                    q.data.copy_(0.9 * q.data + 0.1 * p.data)
                return loss
        """)
    assert "self.target.params = jax.tree.map(" in text
    (a, b), (c, d) = linears(), linears()
    one, two = theirs["Trainer"](a, c), ours["Trainer"](b, d)
    for x, y in data():
        expected = one.update(torch.tensor(x), torch.tensor(y))
        np.testing.assert_allclose(two.update(jnp.asarray(x), jnp.asarray(y)), expected.detach(), rtol=1e-4)
    same(a, b)
    same(c, d)


def test_two_backward_passes_before_a_step():
    theirs, ours, _ = both("""
        def train(critic, real, fake):
            optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
            for a, b in zip(real, fake):
                optimizer.zero_grad()
                loss_real = F.softplus(-critic(a)).mean()
                loss_real.backward()
                loss_fake = F.softplus(critic(b)).mean()
                loss_fake.backward()
                optimizer.step()
        """)
    a, b = linears()
    xs = [x for x, _ in data()]
    theirs["train"](a, list(map(torch.tensor, xs)), list(map(torch.tensor, xs[::-1])))
    ours["train"](b, list(map(jnp.asarray, xs)), list(map(jnp.asarray, xs[::-1])))
    same(a, b)


@pytest.mark.parametrize(
    "lines",
    [
        "loss = model(x).sum()\n        (loss / 4).backward()\n        if i % 4 == 3:\n            optimizer.step()",
        "loss = sum(losses)\n        loss.backward()\n        optimizer.step()",
    ],
)
def test_unusual_loops_are_marked(lines):
    source = f"""
def train(model, xs, losses):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for i, x in enumerate(xs):
        {lines}
"""
    ported = port(HEAD + source)
    assert not ported.complete
    assert "# PORT: .backward() has no counterpart" in ported.source


@pytest.mark.parametrize("optimizer", [f"Adam({P}, amsgrad=True)", f"LBFGS({P})", f"SGD({P}, 0.1, dampening=0.5)"])
def test_optimizers_that_optax_has_otherwise_are_marked(optimizer):
    ported = port(f"{HEAD}\nmodel = nn.Linear(2, 2)\nopt = torch.optim.{optimizer}\n")
    assert not ported.complete
    assert "use an optax transformation" in ported.source


def test_the_steps_arguments_are_in_the_order_of_the_code():
    _, _, text = both("""
        def train(model, batches):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in batches:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
    """)
    assert "optimizer.step(loss_fn, x, y)" in text
