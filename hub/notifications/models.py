"""The table of notifications."""

from tortoise import fields
from tortoise.models import Model


class NotificationRow(Model):
    """One thing one user is told."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    user: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    kind = fields.CharField(max_length=16)
    key = fields.CharField(max_length=100)
    conversation_id = fields.UUIDField()
    message_id = fields.UUIDField(null=True)
    by_id = fields.UUIDField(null=True)
    by_name = fields.CharField(max_length=100)
    text = fields.CharField(max_length=300)
    at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
        unique_together = (("user", "key"),)


class AlertRow(Model):
    """A short message to a user."""

    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    dedup_key = fields.CharField(max_length=200)
    text = fields.TextField()
    urgent = fields.BooleanField()
    state = fields.CharField(max_length=16)
    reason = fields.CharField(max_length=32)
    due_at = fields.DatetimeField()
    message_id = fields.UUIDField()
    created_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)

    class Meta:
        table = "alert"
        unique_together = (("user_id", "dedup_key"),)
