"""Tables of visitors and their visits."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Visitor(Model):
    """Somebody with the widget, as one site knows him."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    subject = fields.CharField(max_length=200, null=True)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=330)
    phone = fields.CharField(max_length=40, default="")
    attributes: Any = fields.JSONField()
    locale = fields.CharField(max_length=20)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "visitor"
        unique_together = (("account_id", "subject"),)


class VisitorToken(Model):
    """A browser of a visitor: the SHA-256 of what it keeps."""

    token_hash = fields.CharField(max_length=64, primary_key=True)
    visitor: fields.ForeignKeyRelation[Visitor] = fields.ForeignKeyField("models.Visitor", on_delete=fields.NO_ACTION)
    created_at = fields.DatetimeField()

    class Meta:
        table = "visitor_token"


class Visit(Model):
    """One stay on the site: ends when nothing was heard for half an hour."""

    id = fields.UUIDField(primary_key=True)
    visitor: fields.ForeignKeyRelation[Visitor] = fields.ForeignKeyField("models.Visitor", on_delete=fields.NO_ACTION)
    agent = fields.CharField(max_length=300)
    ip = fields.CharField(max_length=45)
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "visit"


class VisitPage(Model):
    """A page that was looked at during a visit."""

    n = fields.BigIntField(primary_key=True)
    visit: fields.ForeignKeyRelation[Visit] = fields.ForeignKeyField("models.Visit", on_delete=fields.NO_ACTION)
    url = fields.TextField()
    title = fields.TextField()
    at = fields.DatetimeField()

    class Meta:
        table = "visit_page"
