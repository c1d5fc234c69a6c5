"""OLE files (compound files, version 3) and the Outlook messages in them, written byte by byte."""

import struct

Tree = dict[str, "bytes | Tree"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


def make_ole(tree: Tree) -> bytes:
    """Return an OLE file with the streams (bytes) and storages (dicts) of a tree."""
    return _Writer().written(tree)


def make_msg(properties: dict[str, str | bytes], *attachments: Tree, sent: int = 0) -> Tree:
    """Return the tree of a message.

    Args:
        properties: by their number and type ("0037001F"); text of type 001F is encoded.
        attachments: the trees of the attachments.
        sent: when it was sent, in seconds since 1970; 0 if never.
    """
    tree: Tree = {"__properties_version1.0": _header(sent)}
    for number, value in properties.items():
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        tree[f"__substg1.0_{number}"] = data
    for index, attachment in enumerate(attachments):
        tree[f"__attach_version1.0_#{index:08X}"] = attachment
    return tree


def _header(sent: int) -> bytes:
    ticks = (sent + 11_644_473_600) * 10_000_000
    return bytes(32) + (struct.pack("<HHIQ", 0x0040, 0x0039, 6, ticks) if sent else b"")


class _Writer:
    def __init__(self) -> None:
        self._sectors: list[bytes] = []
        self._fat: list[int] = []
        self._mini = bytearray()
        self._mini_fat: list[int] = []
        self._entries: list[list] = [["Root Entry", 5, _NONE, _NONE, 0, 0]]

    def written(self, tree: Tree) -> bytes:
        self._add_children(0, tree)
        self._entries[0][4:] = [self._store(bytes(self._mini)), len(self._mini)]
        mini_fat = struct.pack(f"<{len(self._mini_fat)}I", *self._mini_fat)
        mini_start, mini_count = self._store(mini_fat, b"\xff"), -(-len(mini_fat) // _SECTOR)
        directory = self._store(b"".join(map(self._packed, self._entries)))
        count = 1
        while count * 128 < len(self._fat) + count:
            count += 1
        first = len(self._fat)
        self._fat += [_FAT] * count
        fat = struct.pack(f"<{len(self._fat)}I", *self._fat).ljust(count * _SECTOR, b"\xff")
        head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
        head += struct.pack("<HHHHH6xIII", 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory)
        head += struct.pack("<IIIIII", 0, _CUTOFF, mini_start, mini_count, _END, 0)
        head += struct.pack("<109I", *range(first, first + count), *[_FREE] * (109 - count))
        return head + b"".join(self._sectors) + fat

    def _add_children(self, parent: int, tree: Tree) -> None:
        last = 0
        for name in sorted(tree, key=lambda name: (len(name), name.upper())):
            content = tree[name]
            index = len(self._entries)
            if self._entries[parent][3] == _NONE:
                self._entries[parent][3] = index
            else:
                self._entries[last][2] = index
            last = index
            self._entries.append([name, 1, _NONE, _NONE, 0, 0])
            if isinstance(content, dict):
                self._add_children(index, content)
            else:
                self._entries[index][1] = 2
                self._entries[index][4:] = [self._stored(content), len(content)]

    def _stored(self, data: bytes) -> int:
        if not data:
            return _END
        if len(data) >= _CUTOFF:
            return self._store(data)
        start, count = len(self._mini_fat), -(-len(data) // _MINI)
        self._mini += data.ljust(count * _MINI, b"\0")
        self._mini_fat += [*range(start + 1, start + count), _END]
        return start

    def _store(self, data: bytes, fill: bytes = b"\0") -> int:
        if not data:
            return _END
        start, count = len(self._fat), -(-len(data) // _SECTOR)
        self._sectors.append(data.ljust(count * _SECTOR, fill))
        self._fat += [*range(start + 1, start + count), _END]
        return start

    def _packed(self, entry: list) -> bytes:
        name, kind, right, child, start, size = entry
        encoded = name.encode("utf-16-le") + b"\0\0"
        return struct.pack(
            "<64sHBBIII16xI16xIQ",
            encoded,
            len(encoded),
            kind,
            1,
            _NONE,
            right,
            child,
            0,
            start,
            size,
        )
