"""Tables of the door in."""

from tortoise import fields
from tortoise.models import Model


class JournalRow(Model):
    """One handover, byte for byte."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    account_id = fields.UUIDField()
    key = fields.CharField(max_length=255)
    received_at = fields.DatetimeField()
    envelope: fields.JSONField[object] = fields.JSONField()
    raw_bytes = fields.BinaryField(null=True, source_field="raw")  # `raw` is taken by Model
    raw_sha256 = fields.CharField(max_length=64, null=True)
    size = fields.BigIntField()
    state = fields.CharField(max_length=16)
    attempts = fields.IntField()
    due_at = fields.DatetimeField()
    lease_until = fields.DatetimeField(null=True)
    error = fields.TextField()
    parser_version = fields.IntField(null=True)
    message_id = fields.UUIDField(null=True)
    conversation_id = fields.UUIDField(null=True)
    filed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "journal"
        unique_together = (("account_id", "key"),)


class IntakeCursorRow(Model):
    """How far an adapter has read at its provider."""

    n = fields.BigIntField(primary_key=True)
    account_id = fields.UUIDField()
    name = fields.CharField(max_length=200)
    value = fields.TextField()

    class Meta:
        table = "intake_cursor"
        unique_together = (("account_id", "name"),)
