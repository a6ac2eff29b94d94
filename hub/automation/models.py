"""Tables of texts to answer with and of macros. `holder_id`: the user or the team whose it is, all zeros for everybody."""

from tortoise import fields
from tortoise.models import Model


class CannedReplyRow(Model):
    """A text to answer with."""

    id = fields.UUIDField(primary_key=True)
    shortcut = fields.CharField(max_length=64)
    title = fields.CharField(max_length=200)
    text = fields.TextField()
    html = fields.TextField(null=True)
    locale = fields.CharField(max_length=8)
    scope = fields.CharField(max_length=16)
    holder_id = fields.UUIDField()
    version = fields.IntField()

    class Meta:
        table = "canned_reply"
        unique_together = (("holder_id", "shortcut", "locale"),)


class MacroRow(Model):
    """Several actions under one name; `actions` as `values.Action` writes them."""

    id = fields.UUIDField(primary_key=True)
    title = fields.CharField(max_length=200)
    key = fields.CharField(max_length=32)
    scope = fields.CharField(max_length=16)
    holder_id = fields.UUIDField()
    actions: fields.JSONField[object] = fields.JSONField()
    version = fields.IntField()

    class Meta:
        table = "macro"
        unique_together = (("holder_id", "title"),)
