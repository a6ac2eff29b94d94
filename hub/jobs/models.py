"""The tables of jobs, for the drift test and for administration; the worker uses SQL."""

from tortoise import fields
from tortoise.models import Model


class JobRow(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    payload: fields.JSONField[dict[str, object]] = fields.JSONField()
    state = fields.TextField(default="queued")
    idempotency_key = fields.TextField(null=True)
    lock_name = fields.TextField(null=True)
    due_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    fence = fields.BigIntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)

    class Meta:
        table = "job"


class JobSchedule(Model):
    name = fields.CharField(200, primary_key=True)
    next_at = fields.DatetimeField()

    class Meta:
        table = "job_schedule"
