"""Self-distillation of a memory: the frozen base model, with full attention, teaches itself with a
window and a memory.

This package builds on `ahn_runtime` and `ingest`. It has no sessions, no database and no page, and
in the application only the command `train` imports it.

Letters: `L` tokens of a sequence, `W` window, `S` sinks, `P = W + S` the first position with a
memory, `H` query heads, `Hkv` key/value heads, `D` head dimension.

Every random choice (order of the data, W, S, tasks, scored positions) is a function of the seed and
a counter. So no random state is saved: the number of completed steps determines every later choice.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), section 3.3 and appendix.
"""

from training.errors import TrainingError
from training.metrics import StepMetrics
from training.settings import TrainingSettings
from training.trainer import Outcome, train

__all__ = ["Outcome", "StepMetrics", "TrainingError", "TrainingSettings", "train"]
