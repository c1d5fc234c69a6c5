"""Follows a growing file through rotations: the appended text, cut into segments."""
