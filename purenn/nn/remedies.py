"""Advice for torch's methods and functions that have no meaning in jax, by the class that has them in torch."""

from __future__ import annotations

__all__ = ["REMEDIES", "remedy_for"]

_BACKWARD = (
    "gradients are values here, which jax.grad and nn.grad give: change them there, or put jax.custom_vjp around a "
    "function"
)
_DEVICE = "jax knows no such device: use to(device) with one of jax.devices()"
_CHECKS = "a call checks its arguments itself"
_LAZY = "a lazy module has no arrays before its first call: call it once"
_SPLIT = (
    "a call splits the batch by a sharding: do the same by jax.device_put(batch, NamedSharding(mesh, "
    "PartitionSpec('batch')))"
)

# Private names are here if published models use them.
REMEDIES: dict[str, dict[str, str]] = {
    "Module": {
        "register_backward_hook": _BACKWARD,
        "register_full_backward_hook": _BACKWARD,
        "register_full_backward_pre_hook": _BACKWARD,
        "ipu": _DEVICE,
        "mtia": _DEVICE,
        "xpu": _DEVICE,
        "_apply": "use jax.tree.map, as in net.params = jax.tree.map(function, net.params)",
        "_register_load_state_dict_pre_hook": "use register_load_state_dict_pre_hook, whose hook is given the module",
        "_register_state_dict_hook": "use register_state_dict_post_hook, whose hook changes the dict and returns None",
    },
    "RNNBase": {
        "check_forward_args": _CHECKS,
        "check_hidden_size": _CHECKS,
        "check_input": _CHECKS,
        "get_expected_cell_size": _CHECKS,
        "get_expected_hidden_size": _CHECKS,
        "permute_hidden": "index the state: state[:, permutation]",
    },
    "MultiheadAttention": {
        "merge_masks": "a call takes attn_mask and key_padding_mask and merges them itself",
    },
    "Lazy": {
        "cls_to_become": "type(module) is the class that it became, after the first call",
        "initialize_parameters": _LAZY,
    },
    "Optimizer": {
        "zero_grad": "gradients are values, which nobody keeps; step takes the loss function and computes them",
        "param_groups": "use optax.multi_transform for groups, and optax.inject_hyperparams for rates that change",
        "state_dict": "its state is opt.state, a tree of arrays, to read and to set",
        "load_state_dict": "its state is opt.state, a tree of arrays, to read and to set",
        "add_param_group": "make an Optimizer with optax.multi_transform, or one more Optimizer",
    },
    "Parameter": dict.fromkeys(["grad", "backward", "register_hook", "retain_grad"], _BACKWARD),
    "utils": {
        "clip_grad_norm_": "gradients are values here: grads, norm = clip_grad_norm(grads, max_norm)",
        "clip_grad_value_": "gradients are values here: grads = clip_grad_value(grads, clip_value)",
        "clip_grads_with_norm_": "gradients are values here: grads = clip_grads_with_norm(grads, max_norm, total_norm)",
    },
    "DataParallel": dict.fromkeys(["gather", "parallel_apply", "replicate", "scatter"], _SPLIT),
}


def remedy_for(cls: type, name: str) -> str:
    """The remedy for a missing attribute of a module, or ""."""
    for base in cls.__mro__:
        if remedy := REMEDIES.get(base.__name__, {}).get(name):
            return remedy
    return ""
