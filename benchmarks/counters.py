"""Row 15: thirty agents with thirty saved views each, while fifty messages a second come in.

Mails come by LMTP, each of a new sender, so that each is one conversation more in many counters of every agent. A counter is
right when the notice that says so is there: timed from the answer that the mail is stored. In the end every counter of every
agent is held against what the database counts.
"""

import asyncio
import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
import orjson

from benchmarks._full_desk import fill
from benchmarks._http import percentile
from benchmarks.row import Row
from hub.auth import SYSTEM, Auth
from hub.auth.callers import Caller
from hub.auth.values import NewUser
from hub.bus import LocalBus
from hub.conversations import queries
from hub.conversations.filters import Filter
from hub.conversations.links import TicketLinks
from hub.conversations.saved import SavedView, SavedViews, views_for
from hub.conversations.service import Conversations
from hub.crm.tickets import Tickets
from hub.db import Database
from hub.ids import new_id
from hub.routing import Routing
from hub.secrets import SecretKeys
from tests.fixtures.postgres import running_cluster
from tests.fixtures.program import Program

AGENTS, VIEWS, A_SECOND = 30, 30, 50
_PASSWORD = "thirty agents at work"
_TICK = 100  # the kernel's clock ticks a second


@dataclass
class Agent:
    """One page: what it was told, and when it was first told each number of unassigned conversations that wait for us."""

    caller: Caller
    secret: str
    told: dict[str, dict[str, int]] = field(default_factory=lambda: {"views": {}})
    at: list[tuple[int, float]] = field(default_factory=list)

    def hear(self, news: dict[str, dict[str, int]]) -> None:
        """Take a notice in: groups come whole, of the views those that changed."""
        for group, values in news.items():
            self.told[group] = self.told["views"] | values if group == "views" else values
        self.at.append((self.told.get("unassigned", {}).get("us", 0), perf_counter()))


async def run(quick: bool = False) -> list[Row]:
    """About a minute, most of it for filling."""
    messages, seconds = (20_000, 4.0) if quick else (200_000, 15.0)
    with running_cluster(durable=True) as cluster, tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        url = cluster.url("postgres")
        program = Program(url, Path(folder))
        program.command("migrate")
        await fill(url, messages=messages, conversations=messages // 10)
        db = await Database.open(url, models=())
        await program.start()
        try:
            agents = await _agents(db, program)
            took, busy = await _measure(program, agents, seconds)
            wrong = await _wrong(db, agents)
        finally:
            program.stop()
            await db.close()
    figures = (
        ("process", busy * 100, "% of a core", 40),
        ("counter right, p50", percentile(took, 0.5) * 1e3, "ms", 100),
        ("counter right, p99", percentile(took, 0.99) * 1e3, "ms", 200),
        ("wrong in the end", wrong, "counters", 0),
    )
    what = f"{AGENTS} agents × {VIEWS} views, {A_SECOND} messages/s"
    return [
        Row(number=15, workload=f"{what}: {name}", value=value, unit=unit, goal=goal, bound="≤")
        for name, value, unit, goal in figures
    ]


async def _agents(db: Database, program: Program) -> list[Agent]:
    bus = LocalBus()
    routing = Routing.build(db, bus, Conversations(db, Tickets(db, links=TicketLinks())))
    auth = Auth.build(db, bus, keys=SecretKeys.load(program.folder / "secret"), queues_of=routing.queues.of_user)
    roles = {row["name"]: row["id"] for row in await db.fetch("SELECT id, name FROM auth_role")}
    agents = []
    for number in range(AGENTS):
        role = roles["agent" if number % 3 else "supervisor"]
        name = f"agent{number}"
        await auth.users.add(SYSTEM, NewUser(name=name, password=_PASSWORD, role_ids=(role,)))
        signed_in = await auth.sessions.sign_in(name, _PASSWORD, ip="127.0.0.1", agent="benchmark")
        agents.append(Agent(await auth.callers.by_session(signed_in.secret), signed_in.secret))
    views = SavedViews(db)
    for agent in agents:
        for place, wanted in enumerate(itertools.islice(_filters(agent), VIEWS)):
            view = SavedView(
                id=new_id(),
                name=f"view {place}",
                scope="mine",
                team_id=None,
                filter=wanted,
                sort="newest",
                position=place,
                version=1,
            )
            await views.add(view, by=agent.caller)
    auth.close()
    return agents


def _filters(agent: Agent) -> "itertools.chain[Filter]":
    every: list[dict[str, Any]] = [{}, {"waiting_for": "us"}, {"channel": "email"}, {"priority": "normal"}, {"unread": True}]
    plain = (Filter(view=view, **more) for view in ("all", "unassigned", "mine", "snoozed", "unread") for more in every)
    more = (Filter(priority=priority) for priority in ("low", "high", "urgent"))
    return itertools.chain(plain, more, [Filter(overdue=True), Filter(view="drafts"), Filter(view="mentions")])


async def _measure(program: Program, agents: list[Agent], seconds: float) -> tuple[list[float], float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        listening = [asyncio.create_task(_listen(http, program, agent)) for agent in agents]
        async with asyncio.timeout(30):
            while not all(agent.at for agent in agents):
                await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        base = agents[0].told["unassigned"].get("us", 0)
        busy, began = _cpu(program.pid), perf_counter()
        stored = await _send(program, seconds)
        share = (_cpu(program.pid) - busy) / (perf_counter() - began)
        await asyncio.sleep(1)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return sorted(late for agent in agents for late in _lateness(agent, base, stored)), share


def _lateness(agent: Agent, base: int, stored: list[float]) -> list[float]:
    """For each mail how long after it was stored the agent's counter held it; one never told of is an hour late."""
    told = iter(agent.at)
    count, at = next(told)
    late = []
    for place, since in enumerate(stored, start=base + 1):
        while count < place:
            count, at = next(told, (place, since + 3600.0))
        late.append(max(0.0, at - since))
    return late


async def _listen(http: aiohttp.ClientSession, program: Program, agent: Agent) -> None:
    ws = await http.ws_connect(f"{program.url}/socket.io/?EIO=4&transport=websocket", headers={"Cookie": f"hub={agent.secret}"})
    await ws.receive()
    await ws.send_str("40/agent,{}")
    async for message in ws:
        if message.data == "2":
            await ws.send_str("3")
        elif message.data.startswith('42/agent,["notice",{"topic":"counts"'):
            agent.hear(orjson.loads(message.data[9:])[1]["data"])


async def _send(program: Program, seconds: float) -> list[float]:
    """Mails at an even pace over one connection; when each was stored."""
    reader, writer = await asyncio.open_connection("127.0.0.1", program.ports["lmtp_port"])
    await reader.readline()

    async def say(line: str) -> None:
        writer.write(line.encode() + b"\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass

    await say("LHLO bench")
    stored, began = [], perf_counter()
    for number in range(int(seconds * A_SECOND)):
        await asyncio.sleep(began + number / A_SECOND - perf_counter())
        sender = f"c{number}@sender.example"
        for line in (f"MAIL FROM:<{sender}>", "RCPT TO:<support@hub.test>", "DATA"):
            await say(line)
        await say(f"From: {sender}\r\nTo: support@hub.test\r\nSubject: Question {number}\r\n\r\nWhere is my order {number}?\r\n.")
        stored.append(perf_counter())
    writer.close()
    return stored


async def _wrong(db: Database, agents: list[Agent]) -> int:
    """Counters that say something else than the database."""
    wrong = 0
    for agent in agents:
        caller = agent.caller
        views = await views_for(db, caller.user_id, caller.team_ids)
        counted: dict[str, dict[str, int]] = await queries.counts(db, caller)
        counted["views"] = await queries.view_counts(db, caller, views)
        for group, values in counted.items():
            told = agent.told.get(group, {})
            wrong += sum(told.get(name, 0) != values.get(name, 0) for name in values.keys() | told.keys())
    return wrong


def _cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
