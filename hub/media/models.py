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


class MediaRendition(Model):
    """What was made of a blob to be shown, or the reason why there is none."""

    n = fields.BigIntField(primary_key=True)
    blob: fields.ForeignKeyRelation[MediaBlob] = fields.ForeignKeyField(
        "models.MediaBlob", source_field="digest", on_delete=fields.NO_ACTION
    )
    kind = fields.CharField(max_length=40)
    made_digest = fields.CharField(max_length=64, null=True)
    pages = fields.IntField()
    refused = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()

    class Meta:
        table = "media_rendition"
        unique_together = (("blob_id", "kind"),)
