"""The compared variants: each holds what its name says."""

from evaluation.variants import FULL, WINDOW, Variant, reading_variants


def test_only_variants_with_a_retained_set_have_one(load_tiny):
    """Even if the model that they are made of has one, as a preset may say."""
    plain, memory = load_tiny(24, 4, ahn=None, retain=7), load_tiny(24, 4, retain=7)
    variants = reading_variants(plain, {"memory": memory}, [64, 32], 4, [25])
    assert {v: (r.stream.window, r.stream.retain) for v, r in variants.items()} == {
        Variant(FULL, None): (None, 0),
        Variant(WINDOW, 64): (64, 0),
        Variant("memory", 64): (64, 0),
        Variant("window, 25 % retained", 64): (48, 16),
        Variant("memory, 25 % retained", 64): (48, 16),
        Variant(WINDOW, 32): (32, 0),
        Variant("memory", 32): (32, 0),
        Variant("window, 25 % retained", 32): (24, 8),
        Variant("memory, 25 % retained", 32): (24, 8),
    }


def test_a_share_of_which_no_token_is_left_is_no_variant(load_tiny):
    plain = load_tiny(24, 4, ahn=None)
    variants = reading_variants(plain, {}, [3, 200], 4, [25, 34])
    assert [(v.name, v.window) for v in variants if "retained" in v.name] == [
        ("window, 34 % retained", 3),
        ("window, 25 % retained", 200),
        ("window, 34 % retained", 200),
    ]
