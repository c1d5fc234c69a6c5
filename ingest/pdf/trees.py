"""Number and name trees of a PDF, walked with distrust: circles, depth and size are bounded.

Source: ISO 32000-1, 7.9.6 (name trees) and 7.9.7 (number trees).
"""

from collections.abc import Iterator
from typing import Any

_MAX_NODES = 20_000


def resolved(value: Any) -> Any:
    """Return the object that a reference leads to, or the value itself."""
    return value.get_object() if hasattr(value, "get_object") else value


def tree_pairs(root: Any, leaf: str, most: int) -> Iterator[tuple[Any, Any]]:
    """Yield a tree's keys and values, these not resolved, in order; at most so many.

    Args:
        leaf: what its leaves hold, "/Nums" or "/Names".
    """
    waiting, seen, count = [root], set[Any](), 0
    while waiting and len(seen) < _MAX_NODES:
        reference = waiting.pop()
        # A node written into its parent can be in no circle; each counts all the same.
        identity = getattr(reference, "idnum", None) or f"inside {len(seen)}"
        node = resolved(reference)
        if identity in seen or not isinstance(node, dict):
            continue
        seen.add(identity)
        pairs = resolved(node.get(leaf))
        if isinstance(pairs, list):
            for key, value in zip(pairs[::2], pairs[1::2], strict=False):
                if count >= most:
                    return
                count += 1
                yield resolved(key), value
        kids = resolved(node.get("/Kids"))
        waiting.extend(reversed(kids[:_MAX_NODES]) if isinstance(kids, list) else ())
