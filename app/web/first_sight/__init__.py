"""The first sight: what is shown while there is nothing to show, and dropping and pasting."""
