"""What agents need not do by hand: canned replies and macros."""

from hub.automation.canned import CannedReplies
from hub.automation.macros import Macros

__all__ = ["CannedReplies", "Macros"]
