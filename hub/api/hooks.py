"""What providers call: `/hooks/<account id>`, and whatever they put behind it.

Nobody signs in here, and only an adapter can tell who calls: every request to an account that takes webhooks reaches its adapter, in whichever
process it arrives. An account that takes none has no such address.
"""

import asyncio
import logging
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from hub.accounts.errors import AccountDisabled
from hub.api.clients import client_ip
from hub.api.hub import Hub
from hub.channels.contract import ReceivesWebhooks, Webhook
from hub.delivery.carriers import Carrier
from hub.errors import Forbidden, HubError, Invalid, NotFound, RateLimited, TooLarge, Unavailable
from hub.ids import AccountId
from hub.ops import metrics
from hub.ops.ratelimit import Rate, RateLimit
from hub.secrets import BrokenSeal

log = logging.getLogger(__name__)

PATHS: Final = ("/hooks/{account_id}", "/hooks/{account_id}/{rest:.*}")
READ_SECONDS: Final = 10.0
TAKE_SECONDS: Final = 12.0  # Twilio hangs up after 15

_count = metrics.counter("webhooks_total", "requests of providers, and what became of them", ["provider", "outcome"])


class MalformedWebhook(HubError):
    """Its adapter cannot read it, or it never came whole: sending it again will not help."""

    code = "malformed_webhook"
    status = 400


def add_hooks(app: web.Application, hub: Hub) -> None:
    """Serve them, also where a proxy leaves the path of the public address in front."""
    hooks = _Hooks(hub)
    for prefix in dict.fromkeys(("", urlsplit(hub.settings.hooks_url).path)):
        for path in PATHS:
            app.router.add_get(prefix + path, hooks.take, allow_head=False)
            app.router.add_post(prefix + path, hooks.take)


class _Hooks:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        # Who forges gets an answer that costs nothing. A request is verified all the same: behind one address there may be both.
        self._forged = RateLimit(Rate(per_second=1, burst=20))

    async def take(self, request: web.Request) -> web.Response:
        """One call: a 2xx says that what it brought is durable."""
        carrier = await self._carrier(request)
        outcome = "failed"
        try:
            answer = await self._give(carrier, request)
            outcome = "taken"
            return answer
        except HubError as error:
            outcome, told = _sort(error)
            raise self._slowed(request, carrier, told) if outcome == "forged" else told from error
        finally:
            _count.labels(carrier.adapter.provider, outcome).inc()

    async def _carrier(self, request: web.Request) -> Carrier:
        """The account's, if it is on and takes webhooks; what is not there, off or deaf answers alike."""
        try:
            carrier = await self._hub.carriers.get(_account_id(request.match_info["account_id"]))
        except (NotFound, AccountDisabled) as absent:
            raise _nobody() from absent
        except (Invalid, BrokenSeal) as wrong:  # its settings: they can be mended, and the provider will come again
            raise Unavailable("the account cannot work with its settings") from wrong
        if not isinstance(carrier.adapter, ReceivesWebhooks):
            raise _nobody()
        return carrier

    async def _give(self, carrier: Carrier, request: web.Request) -> web.Response:
        hook = _hook(request, self._hub, await _body(request))
        assert isinstance(carrier.adapter, ReceivesWebhooks)
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                reply = await carrier.adapter.receive(hook, self._hub.intake.sink_for(carrier.account_id))
        except TimeoutError as late:
            raise Unavailable(f"not taken within {TAKE_SECONDS:g} s") from late
        return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type})

    def _slowed(self, request: web.Request, carrier: Carrier, told: HubError) -> HubError:
        if (seconds := self._forged.wait(client_ip(request, self._hub.settings))) > 0:
            return RateLimited("too many forged requests", retry_after=round(seconds, 3))
        log.warning("webhook refused", extra={"account_id": carrier.account_id})
        return told


def _sort(error: HubError) -> tuple[str, HubError]:
    """What to call it, and what the provider is told."""
    match error:
        case Forbidden():
            return "forged", error
        case TooLarge():
            return "too_large", error
        case MalformedWebhook():
            return "malformed", error
        case Invalid():
            return "malformed", MalformedWebhook(error.detail)
        case Unavailable():
            return "unavailable", error
        case _:
            return "unavailable", Unavailable(error.detail)


def _account_id(text: str) -> AccountId:
    try:
        found = UUID(text)
    except ValueError as error:
        raise _nobody() from error
    if str(found) != text:
        raise _nobody()
    return AccountId(found)


def _nobody() -> NotFound:
    return NotFound("nobody is called here")


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await request.read()
    except TimeoutError as late:
        raise MalformedWebhook(f"the body did not come within {READ_SECONDS:g} s") from late
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge("the body is too large") from error
    except web.RequestPayloadError as error:
        raise MalformedWebhook("the body is not what its head says") from error


def _hook(request: web.Request, hub: Hub, body: bytes) -> Webhook:
    target = _target(request.raw_path)
    return Webhook(
        method=request.method,
        url=_url(hub.settings.hooks_url, target),
        target=target,
        path_rest=target.partition("?")[0].partition("/hooks/")[2].partition("/")[2],
        headers={name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers},
        body=body,
        remote=client_ip(request, hub.settings),
    )


def _target(raw: str) -> str:
    """Path and query of a request line, which may name the host as well (RFC 9112 §3.2.2)."""
    return raw if raw.startswith("/") else "/" + raw.split("/", 3)[3]


def _url(base: str, target: str) -> str:
    """`target` at the public address, whose path is there already where no proxy took it away."""
    prefix = urlsplit(base).path
    return base.removesuffix(prefix) + target if prefix and target.startswith(f"{prefix}/hooks/") else base + target
