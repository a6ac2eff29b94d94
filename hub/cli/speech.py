"""What a command says."""

import sys


def say(text: str) -> None:
    """A line of the answer."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """A line about what is wrong."""
    sys.stderr.write(f"hub: {text}\n")
