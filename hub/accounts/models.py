"""Tables of channel accounts."""

from tortoise import fields
from tortoise.models import Model


class AccountRow(Model):
    """One configured adapter. `secrets` is sealed."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    name = fields.CharField(max_length=200)
    channel = fields.CharField(max_length=16)
    provider = fields.CharField(max_length=32)
    settings = fields.JSONField[dict[str, object]]()
    secrets = fields.BinaryField(null=True)
    enabled = fields.BooleanField()
    queue_id = fields.UUIDField(null=True)
    version = fields.IntField()
    client_key = fields.UUIDField(null=True, unique=True)
    client_digest = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account"


class AccountRouteRow(Model):
    """An address, a domain, or all the rest, that an enabled account takes mail for."""

    n = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "models.AccountRow", to_field="id", on_delete=fields.NO_ACTION, related_name="routes"
    )
    kind = fields.CharField(max_length=16)
    value = fields.CharField(max_length=330)

    class Meta:
        table = "account_route"


class AccountRunRow(Model):
    """Who runs an account, until when, and how it fares."""

    account: fields.OneToOneRelation[AccountRow] = fields.OneToOneField(
        "models.AccountRow", to_field="id", primary_key=True, on_delete=fields.NO_ACTION, related_name="run"
    )
    holder = fields.CharField(max_length=64, null=True)
    fence = fields.BigIntField()
    lease_until = fields.DatetimeField(null=True)
    state = fields.CharField(max_length=16)
    state_detail = fields.TextField()
    state_at = fields.DatetimeField()

    class Meta:
        table = "account_run"
