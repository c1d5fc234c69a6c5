"""An open page learns that something has changed, and shows it."""
