"""Imports and exports on the page: what is going on, above the tabs, and the exported files."""
