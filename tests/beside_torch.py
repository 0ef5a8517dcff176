"""Runs scripts with purenn and with torch, and expects the same outcome or the same kind of error.

A script is a function. Its arguments are the library (`purenn.nn` or `torch.nn`) and a function that makes an array of
ones.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import torch

from purenn import nn

BOTH = {
    nn: lambda *shape: jnp.ones(shape),
    torch.nn: lambda *shape: torch.ones(shape),
}


def array(lib, values, dtype="float32"):
    """An array of a library."""
    return jnp.asarray(values, dtype) if lib is nn else torch.tensor(values, dtype=getattr(torch, dtype))


def numbers(value):
    """The numbers in an array of either library."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value, np.float32 if value.dtype == jnp.bfloat16 else None)


def described(value, library):
    """A result in a form that both libraries share."""
    if isinstance(value, library.Module):
        return repr(value).replace("torch.", ""), list(value.state_dict()), [n for n, _ in value.named_children()]
    if isinstance(value, jax.Array | torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: described(v, library) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [described(v, library) for v in value]
    return value


def outcome(script, library):
    try:
        with warnings.catch_warnings():  # ours are errors, torch's are torch's
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # torch has it too
            if library is torch.nn:
                warnings.simplefilter("ignore")
            return described(script(library, BOTH[library]), library)
    except Exception as error:
        return type(error)


def changed(value, change):
    """Changes the value in place and returns it."""
    change(value)
    return value
