"""Settings of the hub: `hub.toml` < `HUB_*` variables < flags; every problem is told at once."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import parse_qsl, urlsplit

import msgspec

from hub.errors import HubError

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Bytes = Annotated[int, msgspec.Meta(ge=1024)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
LogLevel = Literal["debug", "info", "warning", "error"]

_DATABASES = ("sqlite", "postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Problem:
    """One setting that cannot be used: its name, where it came from (`hub.toml`, `HUB_…`, `--flag`) and what is wrong.

    The value itself is never told: it may be a password.
    """

    name: str
    source: str
    message: str

    def __str__(self) -> str:
        return f"{self.name} ({self.source}): {self.message}"


class BadSettings(HubError):
    """The hub cannot start as it is configured; `problems` names everything that has to be mended."""

    code = "bad_settings"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def _setting(default: Any, about: str, *, shown: bool = True) -> Any:
    return field(default=default, metadata={"about": about}, repr=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process of the hub was told.

    Empty addresses and paths, and port 0 of widget and files, are filled from the others.
    """

    http_host: str = _setting("127.0.0.1", "address the web server listens on")
    http_port: Port = _setting(8080, "port of the console and the API")
    widget_port: Port = _setting(0, "port of the widget's origin (default: http_port + 1)")
    files_port: Port = _setting(0, "port of the files' origin (default: http_port + 2)")
    smtp_host: str = _setting("127.0.0.1", "address the SMTP server listens on")
    smtp_port: Port = _setting(2525, "port of the SMTP server")
    lmtp_host: str = _setting("127.0.0.1", "address the LMTP server listens on")
    lmtp_port: Port = _setting(2524, "port of the LMTP server")
    public_url: str = _setting("", "where agents open the console, e.g. https://desk.example.org")
    widget_url: str = _setting("", "origin of the widget's frame")
    files_url: str = _setting("", "origin of attachments, mail HTML and previews")
    hooks_url: str = _setting("", "where providers call us; may have a path that a proxy takes away (default: public_url)")
    trusted_proxies: tuple[str, ...] = _setting((), "networks whose X-Forwarded-For and -Proto are believed")
    database_url: str = _setting("", "sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/NAME (default: in data_dir)")
    data_dir: Path = _setting(Path("var"), "folder of the SQLite database, the blobs and the secret")
    media_url: str = _setting("", "where blobs are kept: empty for data_dir, or s3://BUCKET/PREFIX")
    secret_file: Path = _setting(Path(), "file with the key of tokens and account secrets (default: in data_dir)")
    egress_allow: tuple[str, ...] = _setting((), "hosts and networks the hub may connect to although they are private")
    phone_region: str = _setting("CN", "country (ISO 3166) that telephone numbers without a country code belong to")
    oidc_issuer: str = _setting("", "who signs users on by OpenID Connect, e.g. https://login.example.org/realms/desk")
    oidc_client_id: str = _setting("", "this hub's name at the provider")
    oidc_client_secret: str = _setting("", "this hub's password at the provider", shown=False)
    oidc_title: str = _setting("", "what the button on the sign-in page says (default: the provider's host)")
    oidc_match_email: bool = _setting(False, "who is new at the provider is the user with the same verified e-mail address")
    oidc_create_role: str = _setting("", "who is new at the provider becomes a user with this role (default: nobody does)")
    demo: bool = _setting(False, "fill an empty database with an example and allow connections to this machine")
    log_level: LogLevel = _setting("info", "how much is logged")
    mail_max_bytes: Bytes = _setting(50 * 2**20, "largest mail taken; larger ones are refused with 552")
    mail_memory_bytes: Bytes = _setting(200 * 2**20, "mail held in memory at once over all connections; above it 452")
    upload_max_bytes: Bytes = _setting(25 * 2**20, "largest file an agent or a visitor may upload")
    event_days: Positive = _setting(7, "days the event log is kept for clients that reconnect")

    def __post_init__(self) -> None:
        for name, value in _derived(self):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is given on the command line and in the environment; `hub serve --help` is drawn from these."""

    name: str
    flag: str
    variable: str
    is_switch: bool
    about: str


def options() -> list[Option]:
    """Every setting, in the order it should be listed."""
    return [
        Option(
            name=one.name,
            flag="--" + one.name.replace("_", "-"),
            variable="HUB_" + one.name.upper(),
            is_switch=one.type is bool,
            about=one.metadata["about"],
        )
        for one in fields(Settings)
    ]


def load(flags: Mapping[str, Any], environ: Mapping[str, str], toml_path: Path | None = None) -> Settings:
    """Read the settings; a flag that is None was not given.

    Without `toml_path` the file is `HUB_CONFIG`, else `hub.toml` in the working folder where there is one.
    Raises `BadSettings`.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, source, raw in _given(flags, environ, toml_path, problems):
        values[name], sources[name] = raw, source
    converted = dict(_converted(values, sources, problems))
    settings = Settings(**converted)
    problems += [Problem(name, sources.get(name, "default"), message) for name, message in _wrong(settings)]
    if problems:
        raise BadSettings(problems)
    return settings


def _derived(settings: Settings) -> Iterator[tuple[str, Any]]:
    data_dir = settings.data_dir.absolute()
    yield "data_dir", data_dir
    yield "secret_file", data_dir / "secret" if settings.secret_file == Path() else settings.secret_file.absolute()
    yield "database_url", settings.database_url or f"sqlite://{data_dir}/hub.sqlite3"
    widget_port = settings.widget_port or _beside(settings.http_port, 1)
    files_port = settings.files_port or _beside(settings.http_port, 2)
    yield "widget_port", widget_port
    yield "files_port", files_port
    public_url = (settings.public_url or f"http://localhost:{settings.http_port}").rstrip("/")
    yield "public_url", public_url
    yield "hooks_url", (settings.hooks_url or public_url).rstrip("/")
    yield "widget_url", (settings.widget_url or f"http://localhost:{widget_port}").rstrip("/")
    yield "files_url", (settings.files_url or f"http://localhost:{files_port}").rstrip("/")


def _beside(port: int, distance: int) -> int:
    return port + distance if port else 0


def _given(
    flags: Mapping[str, Any], environ: Mapping[str, str], toml_path: Path | None, problems: list[Problem]
) -> Iterator[tuple[str, str, Any]]:
    """What was given as (name, source, raw value), weakest source first."""
    known = {option.name: option for option in options()}
    path = toml_path or Path(environ.get("HUB_CONFIG") or "hub.toml")
    needed = toml_path is not None or "HUB_CONFIG" in environ
    for name, raw in _read_toml(path, needed, problems).items():
        if name in known:
            yield name, path.name, raw
        else:
            problems.append(Problem(name, path.name, _unknown(name, known)))
    for option in known.values():
        if option.variable in environ:
            yield option.name, option.variable, environ[option.variable]
    for name, raw in flags.items():
        if raw is not None:
            yield name, known[name].flag, raw


def _read_toml(path: Path, needed: bool, problems: list[Problem]) -> dict[str, Any]:
    try:
        return _flat(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        if needed:
            problems.append(Problem("config", str(path), "there is no such file"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(Problem("config", str(path), f"cannot be read: {error}"))
    return {}


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table is a common beginning: `issuer` under `[oidc]` is `oidc_issuer`."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        flat |= {f"{name}_{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _unknown(name: str, known: Mapping[str, Option]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _converted(values: Mapping[str, Any], sources: Mapping[str, str], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    types = get_type_hints(Settings, include_extras=True)
    for name, raw in values.items():
        if isinstance(raw, str) and types[name] == tuple[str, ...]:
            raw = [part.strip() for part in raw.split(",") if part.strip()]
        try:
            yield name, msgspec.convert(raw, types[name], strict=isinstance(raw, bool), dec_hook=_to_path)
        except msgspec.ValidationError as error:
            problems.append(Problem(name, sources[name], str(error)))


def _to_path(kind: type, raw: Any) -> Any:
    if kind is Path and isinstance(raw, str | Path):
        return Path(raw).expanduser()
    raise msgspec.ValidationError("Expected a path")


def _wrong(settings: Settings) -> Iterator[tuple[str, str]]:
    """What no single type can tell, as (name, message)."""
    if urlsplit(settings.database_url).scheme not in _DATABASES:
        yield "database_url", "must begin with sqlite:// or postgres://"
    yield from _wrong_sign_on(settings)
    if settings.media_url and not _is_bucket(settings.media_url):
        yield "media_url", "must be empty, or s3://BUCKET/PREFIX with no options but ?endpoint=URL&region=NAME"
    yield from _wrong_origins(settings)
    yield from _wrong_ports(settings)
    for network in settings.trusted_proxies:
        if not _is_network(network):
            yield "trusted_proxies", f"{network!r} is not an address or a network"


def _wrong_sign_on(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.oidc_issuer:
        return
    parts = urlsplit(settings.oidc_issuer)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        yield "oidc_issuer", "must be an https:// address: tokens are believed because of it"
    for name in ("oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, name):
            yield name, "is needed with oidc_issuer"


def _is_bucket(url: str) -> bool:
    parts = urlsplit(url)
    chosen = {name for name, _ in parse_qsl(parts.query)}
    return bool(parts.scheme == "s3" and parts.netloc and chosen <= {"endpoint", "region"})


def _wrong_origins(settings: Settings) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for name in ("public_url", "widget_url", "files_url"):
        url = getattr(settings, name)
        if not _is_origin(url):
            yield name, "must be http:// or https:// and a host, with no path"
        elif url in seen:
            yield name, f"must not be the origin of {seen[url]}: what it serves is kept apart by its origin"
        seen[url] = name
    if not _is_address(settings.hooks_url):
        yield "hooks_url", "must be http:// or https:// and a host, perhaps with a path"


def _is_origin(url: str) -> bool:
    return _is_address(url) and not urlsplit(url).path


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and (parts.port is None or parts.port >= 0)
            and not (parts.query or parts.fragment or "@" in parts.netloc)
        )
    except ValueError:
        return False


def _wrong_ports(settings: Settings) -> Iterator[tuple[str, str]]:
    seen: dict[int, str] = {0: ""}
    for name in ("http_port", "widget_port", "files_port", "smtp_port", "lmtp_port"):
        port = getattr(settings, name)
        if port > 65535:
            yield name, "would be above 65535; set it"
        elif port and port in seen:
            yield name, f"is the port of {seen[port]} already"
        seen[port] = name


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
