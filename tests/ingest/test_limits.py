"""Limits that contradict each other."""

import pytest

from ingest import Limits


def test_limits_with_a_target_beyond_the_maximum_are_refused():
    with pytest.raises(ValueError, match="target_segment_chars"):
        Limits(target_segment_chars=1201)
