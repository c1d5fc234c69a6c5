"""Start Ammon: the web page without a command, everything else with one (see --help)."""

from app.cli import main

if __name__ == "__main__":
    main()
