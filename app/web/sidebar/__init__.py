"""The sidebar: the list of sessions, and what can be done to them."""
