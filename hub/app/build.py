"""Putting the hub together: one object of each kind, from the lowest layer up."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from hub.accounts import Accounts
from hub.accounts.adapters import Lent
from hub.accounts.supervisor import Supervisor
from hub.api.hub import Hub
from hub.api.sign_on import CALLBACK
from hub.app.outside import Outside
from hub.app.sight import Sight
from hub.app.sites import Sites
from hub.auth import Auth
from hub.auth.oidc import Provider
from hub.automation import CannedReplies, Macros
from hub.automation.actions import Doer
from hub.bus import Bus, LocalBus
from hub.conversations.bulk import Bulk
from hub.conversations.counts import LiveCounts
from hub.conversations.drafts import Drafts
from hub.conversations.feed import keep_order
from hub.conversations.links import TicketLinks
from hub.conversations.merging import Merging
from hub.conversations.pages import Pages
from hub.conversations.saved import SavedViews
from hub.conversations.service import Conversations
from hub.conversations.tags import Tags
from hub.conversations.uploads import Uploads
from hub.crm.customers import Customers
from hub.crm.tickets import Tickets
from hub.db import Database, Tailer, open_migrated, settle_epoch
from hub.delivery.carriers import Carriers
from hub.delivery.compose import Composer
from hub.delivery.exchanges import ExchangeLog
from hub.delivery.service import DeliveryService
from hub.delivery.trial import Trials
from hub.delivery.worker import DeliveryWorker
from hub.egress import AllowList
from hub.ids import AccountId
from hub.intake import journal
from hub.intake.filer import Filer
from hub.intake.parsing import ParserPool
from hub.intake.replay import Replay
from hub.intake.service import Intake
from hub.media import Renditions, open_store
from hub.messages.events import ChannelEvent
from hub.messages.tokens import make_token, read_token
from hub.notifications import Notifications
from hub.ops.health import LoopLag, Probes
from hub.routing import Routing
from hub.routing.after_hours import AfterHours
from hub.routing.keeper import Keeper
from hub.secrets import SecretKeys
from hub.settings import Settings
from hub.visitors.service import Visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything of one process; `hub` is what the HTTP edge sees of it."""

    hub: Hub
    sites: Sites
    tailer: Tailer
    filer: Filer
    deliveries: DeliveryWorker
    exchanges: ExchangeLog
    supervisor: Supervisor
    parsers: ParserPool
    keeper: Keeper
    outside: Outside


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Parts]:
    """Open the database (migrated first on SQLite) and put everything together; closed again at the end."""
    db = await open_migrated(settings.database_url)
    parsers = ParserPool()
    try:
        await settle_epoch(db)
        await keep_order(db)
        parts = assemble(settings, db, parsers)
        try:
            yield parts
        finally:
            parts.hub.auth.close()
            await parts.outside.close()
    finally:
        await parsers.close()
        await db.close()


def assemble(settings: Settings, db: Database, parsers: ParserPool) -> Parts:
    """The parts around an open database; nothing runs yet."""
    bus: Bus = LocalBus()
    keys = SecretKeys.load(settings.secret_file)
    media = open_store(settings.media_url, settings.data_dir)
    exchanges = ExchangeLog(db)
    outside = Outside(AllowList.of(settings.egress_allow, loopback=settings.demo))
    lent = Lent(
        connect=outside.connect,
        http=outside.http,
        read_blob=media.read,
        cursor=partial(journal.cursor, db),
        record=exchanges.record,
        public_url=settings.public_url,
        hooks_url=settings.hooks_url,
    )
    accounts = Accounts(db, keys=keys, bus=bus, lent=lent)
    carriers = Carriers(db, bus, accounts.adapters)
    token_key = keys.key("reply-token")
    read = partial(read_token, keys=(token_key,))
    tickets = Tickets(db, links=TicketLinks())
    conversations = Conversations(db, tickets)
    routing = Routing.build(db, bus, conversations)
    intake = Intake(db, media, carriers, read, partial(_pass_on, bus))
    is_alone = db.dialect == "sqlite"
    supervisor = Supervisor(
        db=db, bus=bus, keys=keys, adapters=accounts.adapters, sink_for=intake.sink_for, holder=_process_name()
    )
    composer = Composer(db, partial(make_token, key=token_key))
    deliveries = DeliveryWorker(db, carriers, composer, running=supervisor.states, alone=is_alone)
    filer = Filer(db, media, carriers, parsers, read, alone=is_alone)
    intake.file_by(filer)
    auth = Auth.build(
        db,
        bus,
        keys=keys,
        queues_of=routing.queues.of_user,
        provider=Provider.of(settings),
        egress=outside.egress,
        back=settings.public_url + CALLBACK,
    )
    delivery = DeliveryService(db, carriers, wake=deliveries.wake)
    tags = Tags(db)
    probes = Probes()
    probes.register("database", partial(_database_answers, db))
    hub = Hub(
        settings=settings,
        keys=keys,
        db=db,
        bus=bus,
        probes=probes,
        lag=LoopLag(),
        auth=auth,
        media=media,
        renditions=Renditions(db, media),
        customers=Customers(db, region=settings.phone_region),
        tickets=tickets,
        accounts=accounts,
        visitors=Visitors(db),
        conversations=conversations,
        tags=tags,
        views=SavedViews(db),
        bulk=Bulk(db),
        merging=Merging(db),
        pages=Pages(),
        counts=LiveCounts(db),
        uploads=Uploads(db, media),
        drafts=Drafts(db),
        carriers=carriers,
        delivery=delivery,
        trials=Trials(db, carriers, delivery, region=settings.phone_region),
        intake=intake,
        replay=Replay(db, media, carriers, parsers),
        routing=routing,
        notifications=Notifications(db, Sight(db, auth).may_see),
        canned=CannedReplies(db),
        macros=Macros(db, Doer(db, carriers, conversations=conversations, tags=tags, delivery=delivery, routing=routing)),
    )
    return Parts(
        hub=hub,
        sites=Sites(db, bus, keys),
        tailer=Tailer(db),
        filer=filer,
        deliveries=deliveries,
        exchanges=exchanges,
        supervisor=supervisor,
        parsers=parsers,
        keeper=Keeper(db, routing.presence, AfterHours(db, carriers, hub.delivery)),
        outside=outside,
    )


async def _database_answers(db: Database) -> None:
    await db.fetch("SELECT 1")


def _process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _pass_on(bus: Bus, account_id: AccountId, event: ChannelEvent) -> None:
    """What may be lost goes by the bus."""
    bus.publish("channel.notice", {"account_id": str(account_id), "event": event})
