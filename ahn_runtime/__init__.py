"""The memory runtime: a Qwen2 session with sinks, a sliding window and a compressed memory.

It works with tokens and tensors, and knows no documents, databases or web pages.
"""

from ahn_runtime.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from ahn_runtime.errors import (
    AhnError,
    CheckpointVersionError,
    DamagedCheckpoint,
    ModelDownloadError,
    ModelMismatchError,
    ModelNotFound,
    WeightsError,
)
from ahn_runtime.runtime import Runtime
from ahn_runtime.session import Session, Snapshot

__all__ = [
    "AhnError",
    "Checkpoint",
    "CheckpointVersionError",
    "DamagedCheckpoint",
    "ModelDownloadError",
    "ModelMismatchError",
    "ModelNotFound",
    "Runtime",
    "Session",
    "Snapshot",
    "WeightsError",
    "load_checkpoint",
    "save_checkpoint",
]
