"""Tables of users, roles, teams, sessions, tokens and the audit log."""

from tortoise import fields
from tortoise.models import Model


class AuthUser(Model):
    """Who signs in. `name` never changes; `name_key` is its folded form, unique."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=64)
    name_key = fields.CharField(max_length=64, unique=True)
    display_name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=330)
    locale = fields.CharField(max_length=8)
    theme = fields.CharField(max_length=8)
    work_number = fields.CharField(max_length=32, null=True, unique=True)
    password_hash = fields.CharField(max_length=255)
    disabled = fields.BooleanField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    version = fields.IntField()

    class Meta:
        table = "auth_user"


class AuthSetup(Model):
    """One row once the first user exists."""

    id = fields.IntField(primary_key=True, generated=False)
    done_at = fields.DatetimeField()

    class Meta:
        table = "auth_setup"


class AuthRole(Model):
    """A named set of rights; `rights` as `rights.compact` writes them."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=64)
    name_key = fields.CharField(max_length=64, unique=True)
    rights = fields.JSONField[list[str]]()
    built_in = fields.BooleanField()
    version = fields.IntField()

    class Meta:
        table = "auth_role"


class AuthUserRole(Model):
    """A user has a role."""

    n = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[AuthUser] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    role: fields.ForeignKeyRelation[AuthRole] = fields.ForeignKeyField("models.AuthRole", on_delete=fields.NO_ACTION)

    class Meta:
        table = "auth_user_role"
        unique_together = (("user", "role"),)


class AuthTeam(Model):
    """A group of users."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=64)
    name_key = fields.CharField(max_length=64, unique=True)
    version = fields.IntField()

    class Meta:
        table = "auth_team"


class AuthTeamMember(Model):
    """A user is in a team."""

    n = fields.BigIntField(primary_key=True)
    team: fields.ForeignKeyRelation[AuthTeam] = fields.ForeignKeyField("models.AuthTeam", on_delete=fields.NO_ACTION)
    user: fields.ForeignKeyRelation[AuthUser] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)

    class Meta:
        table = "auth_team_member"
        unique_together = (("team", "user"),)


class AuthSession(Model):
    """A signed-in browser. The row's deletion is the sign-out."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[AuthUser] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    secret_hash = fields.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal
    ip = fields.CharField(max_length=45)
    agent = fields.CharField(max_length=300)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "auth_session"


class AuthToken(Model):
    """An API token: a revoked one stays, so that the audit log can name it."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=100)
    secret_hash = fields.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal
    hint = fields.CharField(max_length=8)
    scopes = fields.JSONField[list[str]]()
    created_by: fields.ForeignKeyNullableRelation[AuthUser] = fields.ForeignKeyField(
        "models.AuthUser", null=True, on_delete=fields.NO_ACTION
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "auth_token"


class AuthPreference(Model):
    """How a user likes the console; `value` as `preferences.Preferences` writes it."""

    user: fields.OneToOneRelation[AuthUser] = fields.OneToOneField(
        "models.AuthUser", primary_key=True, on_delete=fields.NO_ACTION, related_name="preference"
    )
    value = fields.JSONField[dict[str, object]]()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "auth_preference"


class AuthTotp(Model):
    """A second factor, in force once it is confirmed."""

    user: fields.OneToOneRelation[AuthUser] = fields.OneToOneField(
        "models.AuthUser", primary_key=True, on_delete=fields.NO_ACTION, related_name="totp"
    )
    secret = fields.BinaryField()  # sealed
    confirmed_at = fields.DatetimeField(null=True)
    last_step = fields.BigIntField()  # of the last code that was used
    created_at = fields.DatetimeField()

    class Meta:
        table = "auth_totp"


class AuthRecoveryCode(Model):
    """A code that signs in once where the second factor is lost. The row's deletion is its use."""

    code_hash = fields.CharField(max_length=64, primary_key=True)  # SHA-256, hexadecimal
    user: fields.ForeignKeyRelation[AuthUser] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    created_at = fields.DatetimeField()

    class Meta:
        table = "auth_recovery_code"


class AuthIdentity(Model):
    """Whom an OpenID provider means by a subject."""

    id = fields.UUIDField(primary_key=True)
    issuer = fields.CharField(max_length=300)
    subject = fields.CharField(max_length=255)
    user: fields.ForeignKeyRelation[AuthUser] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    created_at = fields.DatetimeField()
    used_at = fields.DatetimeField()

    class Meta:
        table = "auth_identity"
        unique_together = (("issuer", "subject"),)


class AuthSignOn(Model):
    """A sign-in that is under way at a provider. The row's deletion is the return."""

    state_hash = fields.CharField(max_length=64, primary_key=True)
    browser_hash = fields.CharField(max_length=64)
    nonce = fields.CharField(max_length=64)
    verifier = fields.CharField(max_length=128)
    next_path = fields.CharField(max_length=500)
    created_at = fields.DatetimeField()

    class Meta:
        table = "auth_sign_on"


class AuthAudit(Model):
    """Who did what to what, when and from where. Only ever added to."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    at = fields.DatetimeField()
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.UUIDField(null=True)
    actor_name = fields.CharField(max_length=100)
    action = fields.CharField(max_length=64)
    subject_kind = fields.CharField(max_length=32)
    subject_id = fields.UUIDField(null=True)
    detail = fields.JSONField[dict[str, object]]()
    ip = fields.CharField(max_length=45)

    class Meta:
        table = "auth_audit"
