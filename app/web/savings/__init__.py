"""The savings tab: what a session holds in memory, and what that saves."""
