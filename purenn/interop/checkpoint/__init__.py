"""Checkpoints of torch and safetensors, read and written without torch."""

from purenn.interop.checkpoint.errors import CheckpointError as CheckpointError
from purenn.interop.checkpoint.reading import load as load
from purenn.interop.checkpoint.writing import save as save

__all__ = ["CheckpointError", "load", "save"]
