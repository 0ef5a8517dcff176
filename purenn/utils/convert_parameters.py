"""Trees of arrays as one vector, and back."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Any) -> jax.Array:
    """All elements of a tree of arrays, one array after another, as a vector.

    Args:
        parameters: a tree of arrays of one dtype. A dict is read in the order of its sorted keys; torch's order is that
            of ``list(net.parameters())``.

    Raises:
        ValueError: there are no arrays.

    Source: ``torch.nn.utils.parameters_to_vector``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> utils.parameters_to_vector({"a": jnp.zeros((2, 2)), "b": jnp.ones(1)})
        Array([0., 0., 0., 0., 1.], dtype=float32)
    """
    leaves = jax.tree.leaves(list(parameters) if hasattr(parameters, "__next__") else parameters)
    if not leaves:
        raise ValueError("parameters_to_vector: parameters must hold an array, got none")
    return jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])


def vector_to_parameters(vec: jax.Array, parameters: Any) -> Any:
    """The inverse of `parameters_to_vector`: a tree of the same structure with the vector's elements.

    Args:
        vec: a vector of as many elements as the tree has.
        parameters: a tree of arrays, or of ``jax.ShapeDtypeStruct``; only its shapes are used.

    Returns:
        The new tree.

    Raises:
        TypeError: ``vec`` is no array. ValueError: it has another number of elements; torch takes longer ones.

    Source: ``torch.nn.utils.vector_to_parameters``, which changes its argument.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> utils.vector_to_parameters(jnp.arange(3.0), {"a": jnp.zeros(2), "b": jnp.zeros(1)})
        {'a': Array([0., 1.], dtype=float32), 'b': Array([2.], dtype=float32)}
    """
    if not hasattr(vec, "reshape") or not hasattr(vec, "dtype"):
        raise TypeError(f"vector_to_parameters: vec must be an array, got {type(vec).__name__}")
    leaves, tree = jax.tree.flatten(list(parameters) if hasattr(parameters, "__next__") else parameters)
    sizes = [math.prod(leaf.shape) for leaf in leaves]
    if vec.shape != (sum(sizes),):
        raise ValueError(f"vector_to_parameters: vec must have shape {(sum(sizes),)}, got shape {vec.shape}")
    parts, start = [], 0
    for leaf, size in zip(leaves, sizes, strict=True):
        parts.append(jnp.reshape(vec[start : start + size], leaf.shape))
        start += size
    return jax.tree.unflatten(tree, parts)
