"""Settings of an account between a form and an adapter: checked, and their secrets kept apart.

Which fields are secret an adapter's settings say themselves (`writeOnly` in their JSON schema).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from hub.accounts.errors import BadAccountSettings, SecretNeeded
from hub.channels import catalog
from hub.channels.contract import Settings
from hub.ids import AccountId
from hub.secrets import SecretKeys

# What neither database stores as text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WHERE = re.compile(r"(_|^)(host|url)$")


@dataclass(frozen=True, slots=True)
class Form:
    """Settings in the two parts they are stored in. Its repr shows no secret."""

    public: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(repr=False)

    def set_names(self) -> list[str]:
        """The secrets that are set."""
        return sorted(name for name, value in self.secrets.items() if value)


@lru_cache
def schema(provider: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of a provider's settings, from which the console draws the form. Not to be altered."""
    _, components = msgspec.json.schema_components([catalog.settings_class(provider)])
    properties: dict[str, Any] = next(iter(components.values()))
    return properties


@lru_cache
def secret_names(provider: str) -> frozenset[str]:
    """The fields that are stored encrypted and never given out."""
    return frozenset(name for name, field in schema(provider)["properties"].items() if field.get("writeOnly"))


def read(provider: str, given: Mapping[str, Any], before: Form | None = None) -> Form:
    """Check settings from a form. Fields left out stay as they were `before`, else have their default.

    Raises `BadAccountSettings`, and `SecretNeeded` where a server changes and its secret is not given anew.
    """
    for path, text in _texts(given):
        if _UNSTORABLE.search(text):
            raise BadAccountSettings(path, "holds a character that cannot be stored")
    entered = {name: value for name, value in given.items() if not _is_mark(provider, name, value)}
    if before is not None:
        _require_secrets(provider, entered, before)
        entered = {**before.public, **before.secrets, **entered}
    built = msgspec.to_builtins(_convert(provider, entered))
    secret = secret_names(provider)
    return Form(
        public={name: value for name, value in built.items() if name not in secret},
        secrets={name: value for name, value in built.items() if name in secret},
    )


def differing(provider: str, before: Form, after: Form) -> list[str]:
    """The names of the settings that are not as they were. What an earlier release did not know had its default."""
    defaults = {name: field.get("default") for name, field in schema(provider)["properties"].items()}
    then = defaults | dict(before.public) | dict(before.secrets)
    now = {**after.public, **after.secrets}
    return [name for name, value in now.items() if json.dumps(value) != json.dumps(then.get(name))]


def typed(provider: str, form: Form) -> Settings:
    """The settings as an adapter takes them. Raises `BadAccountSettings` for what only an earlier release took."""
    return _convert(provider, {**form.public, **form.secrets})


def opened(public: Mapping[str, Any], sealed: bytes | None, keys: SecretKeys, of: AccountId) -> Form:
    """The settings of an account from its row. Raises `BrokenSeal` under another secret file."""
    return Form(public, json.loads(keys.open("accounts", sealed, context=of.bytes)) if sealed else {})


def seal(form: Form, keys: SecretKeys, of: AccountId) -> bytes | None:
    """The secrets as they are stored; they can be opened for this account only."""
    kept = {name: form.secrets[name] for name in form.set_names()}
    return keys.seal("accounts", json.dumps(kept).encode(), context=of.bytes) if kept else None


def shown(provider: str, form: Form) -> dict[str, Any]:
    """Settings as people see them: of a secret only whether it is set."""
    are_set = form.set_names()
    return {**form.public, **{name: {"set": name in are_set} for name in sorted(secret_names(provider))}}


def _convert(provider: str, entered: Mapping[str, Any]) -> Settings:
    try:
        return msgspec.convert(dict(entered), catalog.settings_class(provider))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise BadAccountSettings(path.strip("`").replace("$", "$.settings", 1) or "$.settings", message) from None


def _is_mark(provider: str, name: str, value: object) -> bool:
    """`{"set": …}`, as it was shown, given back: keep what is there."""
    return name in secret_names(provider) and isinstance(value, dict)


def _require_secrets(provider: str, entered: Mapping[str, Any], before: Form) -> None:
    """A stored secret goes to the server it was entered for, and to no other."""
    properties = schema(provider)["properties"]
    for name, value in entered.items():
        if not _WHERE.search(name) or value == before.public.get(name) or not before.public.get(name):
            continue
        for secret in secret_names(provider):
            same_group = properties[secret].get("x-group") == properties.get(name, {}).get("x-group")
            if same_group and before.secrets.get(secret) and secret not in entered:
                raise SecretNeeded(f"$.settings.{secret}", "enter it again for the new server")


def _texts(value: object, path: str = "$.settings") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{place}]")
