"""Reads the number and name trees of a PDF safely: cycles, depth and size are bounded.

Source: ISO 32000-1, 7.9.6 (name trees) and 7.9.7 (number trees).
"""

from collections.abc import Iterator
from typing import Any

_MAX_NODES = 20_000


def resolved(value: Any) -> Any:
    """Return the object that a reference points to, or the value itself if it is no reference."""
    return value.get_object() if hasattr(value, "get_object") else value


def tree_pairs(root: Any, leaf: str, max_pairs: int) -> Iterator[tuple[Any, Any]]:
    """Yield at most `max_pairs` keys and values of a tree in order; values are not resolved.

    Args:
        root: the tree's root, a reference or a dictionary of pypdf; anything else is an empty tree.
        leaf: the key under which leaves have their pairs, "/Nums" or "/Names".
    """
    waiting, seen, count = [root], set[Any](), 0
    while waiting and len(seen) < _MAX_NODES:
        reference = waiting.pop()
        # A node inside its parent cannot be in a cycle, but it counts towards the limit, too.
        identity = getattr(reference, "idnum", None) or f"inside {len(seen)}"
        node = resolved(reference)
        if identity in seen or not isinstance(node, dict):
            continue
        seen.add(identity)
        pairs = resolved(node.get(leaf))
        if isinstance(pairs, list):
            for key, value in zip(pairs[::2], pairs[1::2], strict=False):
                if count >= max_pairs:
                    return
                count += 1
                yield resolved(key), value
        kids = resolved(node.get("/Kids"))
        waiting.extend(reversed(kids[:_MAX_NODES]) if isinstance(kids, list) else ())
