"""What the tests of macros share with those of conversations."""

from tests.integration.conversations.conftest import anna, talks

__all__ = ["anna", "talks"]
