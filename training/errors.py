"""The error of this package."""


class TrainingError(ValueError):
    """Data, options or saved state that a training cannot use; the message names the remedy."""
