"""Tables of blobs and their previews."""

from tortoise import fields
from tortoise.models import Model


class MediaBlob(Model):
    """Bytes the hub keeps; written after the bytes are durable, so a row never names what is not there."""

    digest = fields.CharField(max_length=64, primary_key=True)
    size = fields.BigIntField()
    content_type = fields.CharField(max_length=127)
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_blob"


class MediaPreview(Model):
    """A thumbnail that was made, or the reason why none is."""

    digest = fields.CharField(max_length=64, primary_key=True)
    preview_digest = fields.CharField(max_length=64, null=True)
    width = fields.IntField()
    height = fields.IntField()
    refused = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_preview"
