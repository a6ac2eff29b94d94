"""Settings: where they come from, who wins, and that every problem is told at once."""

from pathlib import Path
from typing import Any

import pytest

from hub.secrets import read_secret
from hub.settings import BadSettings, Settings, load, options


def problems(flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, toml: Path | None = None) -> str:
    with pytest.raises(BadSettings) as caught:
        load(flags or {}, environ or {}, toml)
    return str(caught.value)


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "hub.toml"


def test_flags_win_over_variables_and_variables_over_the_file(toml: Path) -> None:
    toml.write_text('http_port = 1001\nsmtp_port = 1002\nlmtp_port = 1003\nlog_level = "debug"')

    settings = load({"lmtp_port": "3003", "demo": None}, {"HUB_SMTP_PORT": "2002", "HUB_LMTP_PORT": "2003"}, toml)

    assert (settings.http_port, settings.smtp_port, settings.lmtp_port) == (1001, 2002, 3003)
    assert settings.log_level == "debug"
    assert settings.demo is False


def test_without_anything_the_hub_listens_on_this_machine_and_keeps_its_files_in_var() -> None:
    settings = Settings()

    assert (settings.http_host, settings.http_port, settings.widget_port, settings.files_port) == (
        "127.0.0.1",
        8080,
        8081,
        8082,
    )
    assert (settings.public_url, settings.widget_url) == ("http://localhost:8080", "http://localhost:8081")
    assert settings.database_url == f"sqlite://{Path('var').absolute()}/hub.sqlite3"
    assert settings.secret_file == Path("var").absolute() / "secret"


def test_widget_and_files_follow_the_web_port() -> None:
    settings = load({}, {"HUB_HTTP_PORT": "9000"})

    assert (settings.widget_url, settings.files_url) == ("http://localhost:9001", "http://localhost:9002")


def test_every_problem_is_told_at_once_with_its_source(toml: Path) -> None:
    toml.write_text('htp_port = 1\nsmtp_port = "x"\ndemo = "perhaps"')

    told = problems({"lmtp_port": "70000"}, {"HUB_DATABASE_URL": "mysql://me:hunter2@db/x", "HUB_LOG_LEVEL": "loud"}, toml)

    assert "htp_port (hub.toml): there is no such setting; did you mean http_port?" in told
    assert "smtp_port (hub.toml):" in told
    assert "demo (hub.toml):" in told
    assert "lmtp_port (--lmtp-port):" in told
    assert "log_level (HUB_LOG_LEVEL):" in told
    assert "database_url (HUB_DATABASE_URL): must begin with sqlite:// or postgres://" in told


def test_a_problem_never_tells_the_value() -> None:
    told = problems(environ={"HUB_DATABASE_URL": "mysql://me:hunter2@db/x", "HUB_PUBLIC_URL": "hunter2"})

    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://desk.example.org", True),
        ("https://desk.example.org/", True),
        ("http://192.168.1.5:8080", True),
        ("https://desk.example.org/hub", False),
        ("desk.example.org", False),
        ("ftp://desk.example.org", False),
        ("https://user@desk.example.org", False),
        ("https://desk.example.org:99999", False),
        ("https://", False),
    ],
)
def test_a_public_address_is_an_origin(url: str, good: bool) -> None:
    if good:
        assert load({"public_url": url}, {}).public_url == url.rstrip("/")
    else:
        assert "public_url (--public-url): must be http" in problems({"public_url": url})


def test_console_widget_and_files_must_not_share_an_origin() -> None:
    told = problems({"public_url": "https://a.test", "widget_url": "https://b.test", "files_url": "https://a.test/"})

    assert "files_url (--files-url): must not be the origin of public_url" in told


def test_two_servers_cannot_share_a_port_but_any_may_ask_for_a_free_one() -> None:
    assert "lmtp_port (HUB_LMTP_PORT): is the port of smtp_port already" in problems(environ={"HUB_LMTP_PORT": "2525"})
    assert load({"http_port": 0, "smtp_port": 0, "lmtp_port": 0, **ORIGINS}, {}).widget_port == 0


def test_providers_call_at_the_public_address_or_at_one_with_a_path_that_a_proxy_knows() -> None:
    assert load({"public_url": "https://a.test/"}, {}).hooks_url == "https://a.test"
    assert load({"hooks_url": "https://b.test:8443/desk/"}, {}).hooks_url == "https://b.test:8443/desk"
    for url in ("ftp://a.test", "a.test", "https://", "https://a.test/x?y", "https://a.test/#x", "https://u@a.test"):
        assert "hooks_url (--hooks-url): must be http" in problems({"hooks_url": url})


ORIGINS = {"public_url": "http://a.test", "widget_url": "http://b.test", "files_url": "http://c.test"}


def test_lists_come_as_arrays_or_with_commas(toml: Path) -> None:
    toml.write_text('egress_allow = ["mail.internal", "10.0.0.0/8"]')

    assert load({}, {}, toml).egress_allow == ("mail.internal", "10.0.0.0/8")
    assert load({}, {"HUB_EGRESS_ALLOW": "a.test, 10.1.0.0/16,"}).egress_allow == ("a.test", "10.1.0.0/16")
    assert "trusted_proxies" in problems({"trusted_proxies": "10.0.0.0/8, nonsense"})


def test_a_file_that_was_named_must_be_there_and_be_toml(toml: Path) -> None:
    assert "there is no such file" in problems(toml=toml)
    assert "there is no such file" in problems(environ={"HUB_CONFIG": str(toml)})
    toml.write_text("http_port = = 1")
    assert "cannot be read" in problems(toml=toml)


def test_a_bucket_is_named_whole_and_with_known_options() -> None:
    assert load({"media_url": "s3://blobs/hub?endpoint=http://127.0.0.1:9000&region=x"}, {}).media_url
    for wrong in ("file:///x", "s3:///x", "s3://blobs?secret_access_key=hunter2"):
        assert "media_url (--media-url): must be empty, or s3://" in problems({"media_url": wrong})


@pytest.mark.parametrize("said", ["true", "True", "1"])
def test_a_switch_is_true_in_the_usual_spellings(said: str) -> None:
    assert load({}, {"HUB_DEMO": said}).demo is True


def test_every_setting_has_a_flag_a_variable_and_a_line_of_help() -> None:
    for option in options():
        assert option.flag == "--" + option.name.replace("_", "-")
        assert option.variable == "HUB_" + option.name.upper()
        assert len(option.about) > 10


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"

    secret = read_secret(path)

    assert len(secret) == 32
    assert read_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_a_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(BadSettings):
        read_secret(tmp_path / "secret")


def test_a_table_is_a_common_beginning_of_names(toml: Path) -> None:
    toml.write_text(
        '[oidc]\nissuer = "https://login.example/desk"\nclient_id = "hub"\nclient_secret = "hush"\nmatch_email = true'
    )
    settings = load({}, {"HUB_OIDC_CLIENT_ID": "other"}, toml)
    assert (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_match_email) == (
        "https://login.example/desk",
        "other",
        True,
    )
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("issuer", ["http://login.example", "login.example", "ftp://login.example"])
def test_a_provider_is_believed_over_https_only_and_named_whole(issuer: str) -> None:
    told = problems({"oidc_issuer": issuer})
    assert "oidc_issuer (--oidc-issuer): must be an https:// address" in told
    assert "oidc_client_id" in told
    assert "oidc_client_secret" in told
    load({"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "x", "oidc_client_secret": "x"}, {})
