"""Blobs by digest: kept durably, told apart by their bytes, shown as small previews."""

from hub.media.digest import Blob, digest_of, is_digest
from hub.media.errors import BlobMissing, BlobTooLarge, NoPreview, StoreUnavailable
from hub.media.renditions import Rendition, Renditions, Waveform
from hub.media.service import Recorded, Struck, find, keep, record, record_all, strike
from hub.media.sniff import sniff
from hub.media.store import MediaStore, open_store

__all__ = [
    "Blob",
    "BlobMissing",
    "BlobTooLarge",
    "MediaStore",
    "NoPreview",
    "Recorded",
    "Rendition",
    "Renditions",
    "StoreUnavailable",
    "Struck",
    "Waveform",
    "digest_of",
    "find",
    "is_digest",
    "keep",
    "open_store",
    "record",
    "record_all",
    "sniff",
    "strike",
]
