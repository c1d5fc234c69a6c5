"""What can go wrong in a training."""


class TrainingError(ValueError):
    """Data, options or a half-done training that do not fit; says what, where and what to do."""
