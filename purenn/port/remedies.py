"""Remedies for the parts of torch that have no counterpart."""

from __future__ import annotations

__all__ = ["REQUIRES_GRAD", "remedy", "remedy_of"]

REQUIRES_GRAD = "tell jax.grad which arrays to differentiate with respect to"
_GRADIENTS = "gradients are values: jax.grad, nn.grad or nn.value_and_grad give them"
_HALF = "cast with .astype(jnp.bfloat16), or module.bfloat16(); no scaler is needed for it"
_REMEDIES = {
    "Tensor.backward": "give a loss function to nn.Optimizer.step, or use nn.value_and_grad",
    "Tensor.retain_grad": _GRADIENTS,
    "Tensor.register_hook": "put a jax.custom_vjp around the function that makes the array",
    "Tensor.data_ptr": "arrays have no addresses to compare",
    "Tensor.set_": "assign another array to the name",
    "Tensor.resize_": "make an array of the new shape",
    "Tensor.as_strided": "write it with reshape, slices and transpose",
    "Tensor.grad": _GRADIENTS,
    "autograd.grad": _GRADIENTS,
    "autograd.backward": _GRADIENTS,
    "autograd.Function": "write a function under jax.custom_vjp",
    "autograd.functional": "jax.jacobian, jax.hessian, jax.vjp and jax.jvp do it",
    "distributions": "write its log_prob, entropy and sample with jax.scipy.stats and jax.random",
    "distributed": "shard the batch and the arrays over a jax mesh",
    "multiprocessing": "jax uses all devices from one process",
    "utils.data": "a DataLoader can stay torch's, with batches turned into numpy arrays (tensor.numpy())",
    "utils.tensorboard": "write scalars with another package",
    "utils.cpp_extension": "use jax.ffi",
    "cuda.amp": _HALF,
    "amp": _HALF,
    "autocast": _HALF,
    "cuda": "jax places arrays by itself",
    "backends": "jax has no such switch",
    "jit": "purenn.jit and module.compile() compile",
    "optim": "use an optax transformation",
    "hub": "load the weights with purenn.load",
    "onnx": "see the documentation of jax.export",
    "Generator": "use a jax key, jax.random.key(seed)",
    "set_default_dtype": "cast the model: net.to(dtype)",
    "get_default_dtype": "write the dtype",
    "sparse": "use a dense matrix, or jax.experimental.sparse",
    "from_dlpack": "jnp.from_dlpack(x)",
    "nn.modules": "import the class from purenn.nn",
    "torchvision": "it stays torch's; pass its tensors on as numpy arrays (tensor.numpy())",
}


def remedy(name: str) -> str:
    """The remedy for a dotted name of torch, or for its longest prefix that has one; "" without any."""
    while name:
        if name in _REMEDIES:
            return _REMEDIES[name]
        name = name.rpartition(".")[0]
    return ""


def remedy_of(module: str, name: str) -> str:
    """The remedy for a name of ``torch.nn`` that purenn lacks."""
    from purenn.nn.remedies import REMEDIES

    if module == "torch.nn.functional" and name.endswith("_"):
        return f"F.{name[:-1]}"
    return REMEDIES["utils"].get(name, "see docs/parity.md") if module == "torch.nn.utils" else "see docs/parity.md"
