"""Tables of blobs and their previews, for the drift test; reads and writes are SQL."""

from tortoise import fields
from tortoise.models import Model


class MediaBlob(Model):
    """Bytes the hub keeps."""

    digest = fields.CharField(max_length=64, primary_key=True)
    size = fields.BigIntField()
    content_type = fields.CharField(max_length=127)
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_blob"


class MediaPreview(Model):
    """A thumbnail that was made of a blob, or the reason why none is."""

    blob: fields.OneToOneRelation[MediaBlob] = fields.OneToOneField(
        "models.MediaBlob", primary_key=True, source_field="digest", on_delete=fields.NO_ACTION
    )
    preview_digest = fields.CharField(max_length=64, null=True)
    content_type = fields.CharField(max_length=127)
    width = fields.IntField()
    height = fields.IntField()
    refused = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_preview"
