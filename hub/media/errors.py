"""What can go wrong with blobs."""

from hub.errors import Invalid, NotFound, TooLarge, Unavailable


class BlobMissing(NotFound):
    """No blob has that digest."""

    code = "blob_missing"


class BlobTooLarge(TooLarge):
    """More bytes came than were allowed; nothing was kept."""

    code = "blob_too_large"


class StoreUnavailable(Unavailable):
    """The disk is full, or the object store does not answer."""

    code = "media_unavailable"


class PreviewRefused(Invalid):
    """No preview is made of this: not an image, damaged, or larger than it looks."""

    code = "preview_refused"
