"""Follows a growing file through rotations: the appended text, cut into segments.

It keeps no state outside the objects that it returns; the caller stores how far a file was read.
"""
