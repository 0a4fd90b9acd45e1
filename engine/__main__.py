"""Let ``python -m engine`` be the console command."""

from engine.cli import main

if __name__ == "__main__":
    main()
