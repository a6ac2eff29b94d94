"""Every adapter the hub has, by name; loaded on first use."""

from importlib import import_module
from typing import Any, cast

from hub.channels.contract import AdapterEntry, ChannelAdapter, Settings
from hub.errors import NotFound
from hub.messages.address import ChannelKind

ENTRIES = (
    AdapterEntry(
        channel=ChannelKind.EMAIL,
        provider="mail",
        adapter="hub.channels.email.adapter:MailAdapter",
        settings="hub.channels.email.settings:MailSettings",
        title_en="Mailbox",
        title_zh="邮箱",
    ),
    AdapterEntry(
        channel=ChannelKind.WEBCHAT,
        provider="widget",
        adapter="hub.channels.webchat.adapter:WidgetAdapter",
        settings="hub.channels.webchat.settings:SiteSettings",
        title_en="Web site",
        title_zh="网站",
    ),
    AdapterEntry(
        channel=ChannelKind.SMS,
        provider="twilio",
        adapter="hub.channels.sms.twilio.adapter:TwilioAdapter",
        settings="hub.channels.sms.twilio.settings:TwilioSettings",
        title_en="SMS: Twilio",
        title_zh="短信：Twilio",
    ),
    AdapterEntry(
        channel=ChannelKind.SMS,
        provider="smpp",
        adapter="hub.channels.sms.smpp.adapter:SmppAdapter",
        settings="hub.channels.sms.smpp.settings:SmppSettings",
        title_en="SMS: SMPP",
        title_zh="短信：SMPP",
    ),
    AdapterEntry(
        channel=ChannelKind.SMS,
        provider="kannel",
        adapter="hub.channels.sms.kannel.adapter:KannelAdapter",
        settings="hub.channels.sms.kannel.settings:KannelSettings",
        title_en="SMS: Kannel",
        title_zh="短信：Kannel",
    ),
    AdapterEntry(
        channel=ChannelKind.SMS,
        provider="cmpp",
        adapter="hub.channels.sms.cmpp.adapter:CmppAdapter",
        settings="hub.channels.sms.cmpp.settings:CmppSettings",
        title_en="SMS: CMPP (China Mobile's protocol)",
        title_zh="短信：CMPP（中国移动协议）",
    ),
)

_BY_PROVIDER = {entry.provider: entry for entry in ENTRIES}


def entry(provider: str) -> AdapterEntry:
    """The adapter of this name; raises `NotFound`."""
    try:
        return _BY_PROVIDER[provider]
    except KeyError as missing:
        raise NotFound(f"no adapter {provider}") from missing


def adapter_class(provider: str) -> type[ChannelAdapter]:
    """The adapter itself, importing its SDK."""
    return cast(type[ChannelAdapter], _load(entry(provider).adapter))


def settings_class(provider: str) -> type[Settings]:
    """The adapter's settings, without importing its SDK."""
    return cast(type[Settings], _load(entry(provider).settings))


def _load(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
