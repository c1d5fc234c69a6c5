"""One key each for what a reader does most, and a sheet of them."""
