"""`python -m tollhouse` and the `tollhouse` command."""

from tollhouse.cli.app import main

if __name__ == "__main__":
    main()
