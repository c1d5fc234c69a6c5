"""The questions that `python launch.py evaluate` asks, task by task."""
