"""What can go wrong with blobs."""

from hub.errors import NotFound, TooLarge, Unavailable


class BlobMissing(NotFound):
    """No blob has that digest."""

    code = "blob_missing"


class BlobTooLarge(TooLarge):
    """More bytes came than were allowed; nothing was kept."""

    code = "blob_too_large"


class StoreUnavailable(Unavailable):
    """The disk is full, or the object store does not answer."""

    code = "media_unavailable"


class NoPreview(NotFound):
    """Nothing can be shown of this: no kind of file we read, damaged, larger than it looks, or a program for it is missing."""

    code = "no_preview"
