"""Readers in processes of their own, within limits, for files that cannot be trusted."""
