"""What can go wrong in the runtime.

    AhnError
    ├── ModelNotFound          the preset, directory or file does not exist
    ├── ModelDownloadError     an embedded model could not be fetched or verified
    ├── WeightsError           a tensor is missing, has another shape, or the file is damaged
    ├── ModelMismatchError     a state made by another model, memory, window or dtype
    ├── CheckpointVersionError a checkpoint written by a newer Ammon
    └── DamagedCheckpoint      a manifest or page that does not add up

Bad arguments raise `ValueError`. Every message says what, where and what to do.
"""


class AhnError(Exception):
    """Root of everything the runtime raises on purpose."""


class ModelNotFound(AhnError):
    """No model under that name or path."""


class ModelDownloadError(AhnError):
    """An embedded model could not be fetched, verified or written."""


class WeightsError(AhnError):
    """Weights that do not fit: a missing tensor, another shape, a damaged file."""


class ModelMismatchError(AhnError):
    """A state that belongs to another model, memory, window or dtype."""


class CheckpointVersionError(AhnError):
    """A checkpoint in a format newer than this program."""


class DamagedCheckpoint(AhnError):
    """A checkpoint whose manifest or pages do not add up."""
