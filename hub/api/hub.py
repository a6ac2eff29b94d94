"""The services a handler may use, one attribute each; put together by the composition root."""

from dataclasses import dataclass

from aiohttp import web

from hub.accounts import Accounts
from hub.auth import Auth
from hub.automation import CannedReplies, Macros
from hub.bus import Bus
from hub.conversations.bulk import Bulk
from hub.conversations.counts import LiveCounts
from hub.conversations.drafts import Drafts
from hub.conversations.merging import Merging
from hub.conversations.pages import Pages
from hub.conversations.saved import SavedViews
from hub.conversations.service import Conversations
from hub.conversations.tags import Tags
from hub.conversations.uploads import Uploads
from hub.crm.customers import Customers
from hub.crm.tickets import Tickets
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.service import DeliveryService
from hub.delivery.trial import Trials
from hub.intake.replay import Replay
from hub.intake.service import Intake
from hub.media import MediaStore, Renditions
from hub.notifications import Notifications
from hub.ops.health import LoopLag, Probes
from hub.routing import Routing
from hub.secrets import SecretKeys
from hub.settings import Settings
from hub.visitors.service import Visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything behind the HTTP edge."""

    settings: Settings
    keys: SecretKeys
    db: Database
    bus: Bus
    probes: Probes
    lag: LoopLag
    auth: Auth
    media: MediaStore
    renditions: Renditions
    customers: Customers
    tickets: Tickets
    accounts: Accounts
    visitors: Visitors
    conversations: Conversations
    tags: Tags
    views: SavedViews
    bulk: Bulk
    merging: Merging
    pages: Pages
    counts: LiveCounts
    uploads: Uploads
    drafts: Drafts
    carriers: Carriers
    delivery: DeliveryService
    trials: Trials
    intake: Intake
    replay: Replay
    routing: Routing
    notifications: Notifications
    canned: CannedReplies
    macros: Macros


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
