"""What an account can carry, as data: the console asks before an agent types, `render` obeys it, the documents print it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Feature(StrEnum):
    """What a message may have."""

    TEXT = "text"
    HTML = "html"
    SUBJECT = "subject"
    FILES = "files"
    CC = "cc"
    BCC = "bcc"
    DELIVERED = "delivered"  # says that it arrived
    READ = "read"  # says that it was read
    TYPING = "typing"


class Level(StrEnum):
    """How well: the worst first."""

    REJECTED = "rejected"  # a message with it is refused whole
    DROPPED = "dropped"  # it is left out
    UNSUPPORTED = "unsupported"  # it cannot be expressed
    PARTIAL = "partial"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Features by level and the numbers that bound them; what is not named is unsupported.

    With the unit `gsm7` a text is bounded by `max_segments` (parts of a short message, see `messages.segments`), not by `max_length`.
    """

    features: Mapping[Feature, Level]
    length_unit: Literal["gsm7", "chars", "bytes", "pages"] = "chars"
    max_length: int | None = None
    max_segments: int | None = None
    max_files: int | None = None
    max_file_bytes: int | None = None
    max_total_bytes: int | None = None
    content_types: tuple[str, ...] = field(default=())  # empty: all

    def level(self, feature: Feature) -> Level:
        """How well `feature` is carried."""
        return self.features.get(feature, Level.UNSUPPORTED)

    def carries(self, feature: Feature) -> bool:
        """At least partly."""
        return self.level(feature) in (Level.PARTIAL, Level.FULL)
