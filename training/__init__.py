"""Self-distillation of a memory: the frozen base teaches its own windowed self.

A program over the runtime: it knows models, texts and files of its own; it knows no session, no
database and no page, and nothing of the application imports it but the command `train`.

Letters: `L` tokens of a sequence, `W` window, `S` sinks, `P = W + S` the first position with a
memory, `H` query heads, `Hkv` key/value heads, `D` head dim. Everything drawn at random (order of
the data, W, S, tasks, scored positions) is a function of the seed and a counter, so there is no
random state to keep: the number of steps made is the place in all of them.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 3.3 and appendix.
"""

from training.errors import TrainingError
from training.metrics import StepMetrics
from training.settings import TrainingSettings
from training.trainer import Outcome, train

__all__ = ["Outcome", "StepMetrics", "TrainingError", "TrainingSettings", "train"]
