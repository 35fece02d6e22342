"""`mattergate` and `python -m gateway`."""

import sys

from gateway.cli import app
from gateway.observe import logs


def main() -> None:
    """Run the command line."""
    logs.configure("warning", "text", sys.stderr)  # standard output is for results, which programs read
    app()


if __name__ == "__main__":
    main()
