"""Every connection of every page is cut again and again: within seconds each shows exactly what the hub has."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.pages import AgentPage, VisitorPage, listed, messages_of
from tests.faults.traffic import insist_on_mail, mail, make_site, send_through
from tests.fixtures.desk import eventually
from tests.fixtures.next_hop import NextHop
from tests.fixtures.program import Api, Program
from tests.fixtures.proxy import CuttingProxy

CUTS = int(os.environ.get("HUB_FAULT_CUTS", "10"))

pytestmark = pytest.mark.timeout(120 + CUTS * 2)


@pytest.mark.covers("W-03", "M-01")
async def test_pages_show_what_the_hub_has_within_five_seconds_of_the_last_cut(
    program: Program,
    api: Api,
    cutting_proxy: Callable[[int], Awaitable[CuttingProxy]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hop = NextHop()
    await hop.start()
    await send_through(api, hop.port)
    console, widget = await cutting_proxy(program.ports["http_port"]), await cutting_proxy(program.ports["widget_port"])
    through = Api(program, port=console.port)
    site = await make_site(api)
    agents = [AgentPage(console.port, program.token, through) for _ in range(2)]
    visitors = [VisitorPage(widget.port, site) for _ in range(3)]
    tasks = [asyncio.create_task(chat(visitor)) for visitor in visitors]
    tasks += [asyncio.create_task(write(program)), asyncio.create_task(answer(api))]

    for _ in range(CUTS):
        await asyncio.sleep(random.uniform(0.2, 1.2))
        console.cut_all()
        widget.cut_all()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    await eventually(lambda: pages_are_right(api, agents, visitors), within=5.0)
    shown = [sum(map(len, agents[0].shown().values())), *(len(visitor.shown()) for visitor in visitors)]
    for page in (*agents, *visitors):
        await page.leave()
        assert page.connects > CUTS // 2
    await through.close()
    await hop.stop()
    with capsys.disabled():
        print(f"\n  {CUTS} cuts; an agent's page shows {shown[0]} messages, visitors' {shown[1:]}: as the API does")


async def pages_are_right(api: Api, agents: list[AgentPage], visitors: list[VisitorPage]) -> None:
    talks = [talk["id"] for talk in await api.all("/conversations")]
    stored = {talk: await messages_of(api, talk) for talk in talks}
    for agent in agents:
        assert agent.shown() == {talk: listed(messages) for talk, messages in stored.items()}
    chats = [
        listed(m for m in messages if m["direction"] in ("in", "out"))
        for messages in stored.values()
        if messages[0]["channel"] == "webchat"
    ]
    assert sorted(visitor.shown() for visitor in visitors) == sorted(chats)
    assert all(len(chat) > CUTS for chat in chats)


async def chat(visitor: VisitorPage) -> None:
    number = 0
    while True:
        await visitor.send(f"question {number}")
        number += 1
        await asyncio.sleep(random.uniform(0.0, 0.6))


async def write(program: Program) -> None:
    number = 0
    while True:
        await insist_on_mail(program, mail(number), sender=f"c{number}@example.com")
        number += 1
        await asyncio.sleep(random.uniform(0.1, 0.5))


async def answer(api: Api) -> None:
    """An agent who answers in one conversation after the other, on whatever channel it is."""
    while True:
        for talk in await api.all("/conversations"):
            await api.insist("POST", f"/conversations/{talk['id']}/messages", {"text": f"answer to {talk['number']}"})
            await asyncio.sleep(random.uniform(0.0, 0.1))
        await asyncio.sleep(0.1)
