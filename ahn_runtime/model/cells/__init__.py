"""The memory modules by their released names; one file each, one interface (`base.Cell`)."""

from ahn_runtime.model.cells.base import Cell
from ahn_runtime.model.cells.delta_net import DeltaNetCell
from ahn_runtime.model.cells.gated_delta_net import GatedDeltaNetCell
from ahn_runtime.model.cells.mamba2 import Mamba2Cell

CELLS: dict[str, type[Cell]] = {
    cell.name: cell for cell in (GatedDeltaNetCell, DeltaNetCell, Mamba2Cell)
}
"""Cell by its released name (`_ahn_implementation` in config.json)."""


def cell_class(name: str) -> type[Cell]:
    """The cell of that released name; ValueError lists the known ones."""
    if name not in CELLS:
        raise ValueError(f"Unknown memory {name!r}; known: {', '.join(sorted(CELLS))}.")
    return CELLS[name]


__all__ = ["CELLS", "Cell", "cell_class"]
