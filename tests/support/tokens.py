"""A tokenizer whose counts are known by heart: a token for each character."""

from collections.abc import Sequence


class CharacterTokens:
    """Encodes a character as its code point; control tokens lie above them all."""

    control = {"<|im_start|>": 0x110000, "<|im_end|>": 0x110001}

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def decode(self, ids: Sequence[int]) -> str:
        names = {token_id: name for name, token_id in self.control.items()}
        return "".join(names.get(token_id) or chr(token_id) for token_id in ids)
