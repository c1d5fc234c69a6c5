"""Measurements of quality: what a way of holding the text costs or brings, on real text."""
