"""Fitting a draft to what an account can carry. What is lost is said, before sending and afterwards."""

from dataclasses import dataclass, replace
from enum import StrEnum

from hub.messages.capabilities import Capabilities, Feature
from hub.messages.content import Draft, StoredFile
from hub.messages.segments import MAX_PARTS, count_parts


class Loss(StrEnum):
    """What a channel did not carry."""

    HTML = "html"
    SUBJECT = "subject"
    FILES = "files"
    CC = "cc"
    BCC = "bcc"


class Refusal(StrEnum):
    """Why a draft cannot go out this way at all."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_MANY_FILES = "too_many_files"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TYPE = "file_type"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The draft as it will go out, what was left out, and why it may not go at all."""

    draft: Draft
    lost: tuple[Loss, ...] = ()
    refused: tuple[Refusal, ...] = ()


def render(draft: Draft, capabilities: Capabilities) -> Rendered:
    """Fit `draft` to `capabilities`. Text is never shortened: what is too long is refused."""
    lost: list[Loss] = []
    fitted = draft
    if draft.html and not capabilities.carries(Feature.HTML):
        lost.append(Loss.HTML)
        fitted = replace(fitted, html=None)
    if draft.subject and not capabilities.carries(Feature.SUBJECT):
        fitted = replace(fitted, subject="", text=f"{draft.subject}\n{draft.text}" if draft.text else draft.subject)
    if draft.cc and not capabilities.carries(Feature.CC):
        lost.append(Loss.CC)
        fitted = replace(fitted, cc=())
    if draft.bcc and not capabilities.carries(Feature.BCC):
        lost.append(Loss.BCC)
        fitted = replace(fitted, bcc=())
    return Rendered(draft=fitted, lost=tuple(lost), refused=tuple(_refusals(fitted, capabilities)))


def _refusals(draft: Draft, capabilities: Capabilities) -> list[Refusal]:
    refused = []
    if not draft.text.strip() and not draft.html and not draft.files:
        refused.append(Refusal.EMPTY)
    if _too_long(draft.text, capabilities):
        refused.append(Refusal.TOO_LONG)
    if draft.files:
        refused.extend(_file_refusals(draft.files, capabilities))
    return refused


def _too_long(text: str, capabilities: Capabilities) -> bool:
    if capabilities.length_unit == "gsm7":
        return count_parts(text) > (capabilities.max_segments or MAX_PARTS)
    length = len(text.encode()) if capabilities.length_unit == "bytes" else len(text)
    return capabilities.max_length is not None and length > capabilities.max_length


def _file_refusals(files: tuple[StoredFile, ...], capabilities: Capabilities) -> list[Refusal]:
    if not capabilities.carries(Feature.FILES):
        return [Refusal.FILES]
    refused = []
    if capabilities.max_files is not None and len(files) > capabilities.max_files:
        refused.append(Refusal.TOO_MANY_FILES)
    too_large = capabilities.max_file_bytes is not None and any(f.size > capabilities.max_file_bytes for f in files)
    total = sum(f.size for f in files)
    if too_large or (capabilities.max_total_bytes is not None and total > capabilities.max_total_bytes):
        refused.append(Refusal.FILE_TOO_LARGE)
    if capabilities.content_types and any(f.content_type not in capabilities.content_types for f in files):
        refused.append(Refusal.FILE_TYPE)
    return refused
