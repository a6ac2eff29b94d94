"""The tables of the base, for the drift test and for administration; the hot paths use SQL."""

from tortoise import fields
from tortoise.models import Model


class SchemaMigration(Model):
    number = fields.IntField(primary_key=True, generated=False)
    name = fields.TextField()
    checksum = fields.TextField()
    applied_at = fields.DatetimeField()

    class Meta:
        table = "schema_migration"


class HubMeta(Model):
    name = fields.CharField(200, primary_key=True)
    value = fields.TextField()

    class Meta:
        table = "hub_meta"


class EventLog(Model):
    id = fields.BigIntField(primary_key=True)
    xid = fields.BigIntField()
    type = fields.TextField()
    data: fields.JSONField[dict[str, object]] = fields.JSONField()
    audience: fields.JSONField[dict[str, object]] = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "event_log"
