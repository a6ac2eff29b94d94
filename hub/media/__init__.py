"""Blobs by digest: kept durably, told apart by their bytes, shown as small previews."""

from hub.media.digest import Blob, digest_of, is_digest
from hub.media.errors import BlobMissing, BlobTooLarge, PreviewRefused, StoreUnavailable
from hub.media.sniff import sniff
from hub.media.store import MediaStore, open_store

__all__ = [
    "Blob",
    "BlobMissing",
    "BlobTooLarge",
    "MediaStore",
    "PreviewRefused",
    "StoreUnavailable",
    "digest_of",
    "is_digest",
    "open_store",
    "sniff",
]
