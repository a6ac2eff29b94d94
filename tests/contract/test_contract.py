"""What every adapter promises."""

import asyncio
import contextlib
import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.channels import catalog
from hub.channels.catalog import ENTRIES
from hub.channels.contract import (
    AdapterEntry,
    Check,
    ChecksAccount,
    ParsesRaw,
    ReceivesWebhooks,
    SendError,
    SendReceipt,
    Settings,
    Webhook,
)
from hub.errors import Forbidden, Invalid
from hub.messages.capabilities import Capabilities, Feature
from hub.messages.events import InboundMessage
from hub.messages.states import DeliveryState, SendFailure
from tests.contract.kit import Rig
from tests.fixtures.mail import MemorySink

_SDKS = "aioimaplib aiosmtplib aiosmtpd twilio socketio zmq aiohttp dkim"
_LOOKS_SECRET = re.compile(r"(password|secret|private_key|api_key|refresh_token)$")


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry.provider)
def entry(request: pytest.FixtureRequest) -> AdapterEntry:
    """A line of the catalog."""
    line: AdapterEntry = request.param
    return line


def schema_of(entry: AdapterEntry) -> dict[str, Any]:
    schema = msgspec.json.schema(catalog.settings_class(entry.provider))
    return schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]["properties"]  # type: ignore[no-any-return]


def close(adapter: object) -> None:
    if (method := getattr(adapter, "close", None)) is not None:
        method()


def test_settings_load_without_the_providers_library(entry: AdapterEntry) -> None:
    module = entry.settings.partition(":")[0]
    code = f"import sys, {module}; print(*(m for m in {_SDKS.split()!r} if m in sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_every_setting_has_a_label_in_both_languages(entry: AdapterEntry) -> None:
    for name, field in schema_of(entry).items():
        assert field.get("title"), f"{name} has no title"
        assert field.get("x-title-zh"), f"{name} has no Chinese title"
        assert bool(field.get("description")) == bool(field.get("x-description-zh")), f"{name} is explained in one language"


def test_every_choice_of_a_setting_has_a_name_in_both_languages(entry: AdapterEntry) -> None:
    choices = {str(value) for field in schema_of(entry).values() for value in field.get("enum", ())}
    numbers = {value for value in choices if re.fullmatch(r"\d+\.\d+", value)}  # versions of a protocol
    for locale in ("en", "zh-CN"):
        assert choices - numbers - choice_names(locale) == set()


def choice_names(locale: str) -> set[str]:
    """The choices that the console's forms have words for."""
    locales = Path(__file__).parents[2] / "agent_console" / "src" / "locales"
    texts = [(locales / part / f"{locale}.ts").read_text() for part in ("admin", "sms")]
    blocks = [block for text in texts for block in re.findall(r"^  choice: \{(.*?)\},?$", text, re.MULTILINE | re.DOTALL)]
    return {name.strip("'") for block in blocks for name in re.findall(r"('?\w+'?): ['\"]", block)}


def test_settings_refuse_what_they_do_not_know(entry: AdapterEntry) -> None:
    settings = catalog.settings_class(entry.provider)
    assert issubclass(settings, Settings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such_setting": 1}, settings)


async def test_secrets_are_written_and_never_read(rig: Rig) -> None:
    properties = schema_of(rig.entry)
    secret = {name for name, field in properties.items() if field.get("writeOnly")}

    assert secret == rig.secret_fields
    assert {name for name in properties if _LOOKS_SECRET.search(name)} <= secret


async def test_an_adapter_says_what_it_is(rig: Rig) -> None:
    adapter = rig.adapter()

    assert adapter.kind is rig.entry.channel
    assert adapter.provider == rig.entry.provider
    assert adapter.connection in ("exclusive", "shareable")


async def test_capabilities_are_known_without_asking_anybody(rig: Rig) -> None:
    capabilities = rig.adapter(rig.unreachable).capabilities()

    assert isinstance(capabilities, Capabilities)
    assert capabilities.carries(Feature.TEXT) or capabilities.carries(Feature.FILES)
    assert rig.lent.connected_to == []
    if capabilities.carries(Feature.FILES):
        assert capabilities.max_files is not None
        assert capabilities.max_file_bytes is not None or capabilities.max_total_bytes is not None


@pytest.mark.parametrize("reachable", [True, False])
async def test_run_stops_within_a_second_and_says_how_it_stands(rig: Rig, reachable: bool) -> None:
    adapter = rig.adapter(rig.settings if reachable else rig.unreachable)
    running = asyncio.create_task(adapter.run(MemorySink()))
    async with asyncio.timeout(5):
        while not rig.lent.states:
            await asyncio.sleep(0.02)
    assert not running.done()

    running.cancel()
    started = time.monotonic()
    await asyncio.gather(running, return_exceptions=True)

    assert running.cancelled()
    assert time.monotonic() - started < 1.0
    expected = "connected" if reachable or rig.unreachable is None else "retrying"
    assert rig.lent.states[0][0] == expected


async def test_the_provider_sees_the_idempotency_key(rig: Rig) -> None:
    async with rig.sending() as adapter:
        receipt = await adapter.send(rig.message)
        close(adapter)

    assert isinstance(receipt, SendReceipt)
    assert receipt.state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
    assert receipt.provider_ids
    if rig.arrived is not None:
        arrived = await rig.arrived()
        assert rig.message.token in arrived or str(rig.message.id) in arrived


async def test_where_nobody_answers_sending_fails_for_now(rig: Rig) -> None:
    if rig.unreachable is None:
        return
    async with rig.sending(rig.unreachable) as adapter:
        with pytest.raises(SendError) as failed:
            await adapter.send(rig.message)

    assert failed.value.failure is SendFailure.UNAVAILABLE


async def test_whatever_it_is_given_it_sends_or_raises_send_error(rig: Rig) -> None:
    async with rig.sending() as adapter:
        for message in rig.hostile:
            with contextlib.suppress(SendError):
                assert isinstance(await adapter.send(message), SendReceipt)
        close(adapter)


async def test_no_record_holds_a_secret(rig: Rig) -> None:
    for settings in filter(None, (rig.settings, rig.unreachable)):
        async with rig.sending(settings) as adapter:
            with contextlib.suppress(SendError):
                await adapter.send(rig.message)
            close(adapter)

    said = [f"{exchange.request} {exchange.response}" for exchange in rig.lent.exchanges] + [s for _, s in rig.lent.states]
    assert not [secret for secret in rig.secrets for line in said if secret in line]


async def test_checking_an_account_never_raises(rig: Rig) -> None:
    for settings, expected in ((rig.settings, True), (rig.unreachable, False)):
        if settings is None:
            continue
        adapter = rig.adapter(settings)
        if not isinstance(adapter, ChecksAccount):
            return
        checks = await adapter.check()
        close(adapter)
        assert checks
        assert all(isinstance(check, Check) and check.name and check.detail for check in checks)
        assert all(check.ok for check in checks) is expected
        assert not [check for check in checks for secret in rig.secrets if secret in check.detail]


async def test_what_its_provider_did_not_say_is_refused_and_never_handed_over(rig: Rig) -> None:
    adapter = rig.adapter(rig.unreachable)
    if not isinstance(adapter, ReceivesWebhooks):
        return
    sink = MemorySink()
    for hook in _forged_calls(rig.lent.context.hooks_url):
        with pytest.raises((Forbidden, Invalid)):
            await adapter.receive(hook, sink)

    assert sink.calls == 0


def _forged_calls(hooks_url: str) -> Iterator[Webhook]:
    """What anybody may send to a hook, in every form that comes to mind."""
    rests = ("", "mo", "mo/", "mo/x", "dlr/x/y", "status", "a/b/c/d", "%00/%zz", "../../api")
    queries = ("", "?", "?a=1&a=2", "?id=%00&from=%ff", "?" + "&" * 500, "?text=" + "x" * 3000, "?%=%&=&&;")
    bodies = (b"", b"\xff\xfe", b"a=1&a=2", b"&" * 2000, b"MessageSid=x&From=%2B1&Body=%00", b'{"a": [1]}', b"x" * 100_000)
    signs = ({}, {"x-twilio-signature": ""}, {"x-twilio-signature": "\udcff" * 9}, {"x-twilio-signature": "A" * 9000})
    for rest, query, body, headers in itertools.product(rests, queries, bodies, signs):
        target = f"/hooks/x/{rest}{query}"
        yield Webhook(
            method="POST" if body else "GET",
            url=f"{hooks_url.partition('/hooks/')[0]}{target}",
            target=target,
            path_rest=rest,
            headers={"content-type": "application/x-www-form-urlencoded", **headers},
            body=body,
            remote="203.0.113.9",
        )


async def test_the_parser_reads_anything(rig: Rig) -> None:
    adapter = rig.adapter()
    if not isinstance(adapter, ParsesRaw):
        return
    module, _, name = adapter.parser.partition(":")
    parse = getattr(import_module(module), name)

    assert adapter.parser_version >= 1
    for raw in [*rig.raw_samples, *(spoiled for sample in rig.raw_samples for spoiled in _spoil(sample))]:
        events = parse(raw, json.loads(json.dumps({"via": "smtp", "mail_from": "", "rcpt_tos": []})))
        assert isinstance(events[0], InboundMessage)
        assert sum(isinstance(event, InboundMessage) for event in events) == 1


def _spoil(raw: bytes) -> list[bytes]:
    """The same with bytes changed, doubled, cut off."""
    cuts = [raw[: len(raw) * part // 16] for part in range(16)]
    flips = [raw[:at] + bytes([raw[at] ^ 0x80]) + raw[at + 1 :] for at in range(0, len(raw), 7)]
    return [*cuts, *flips[:200], raw * 3, raw[::-1], raw.replace(b":", b"\x00"), raw.replace(b"\r\n", b"\n")]
