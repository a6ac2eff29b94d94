"""The main job: chat, mail by SMTP and mail in a real mailbox in one queue, answered from one page, read by those who asked."""

import email
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import make_msgid
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.desks import Desk, eventually, running_hub
from tests.e2e.pages import Console, add_user
from tests.e2e.visitors import OPEN_ROOTS, Chat
from tests.fixtures.mail import PASSWORD as MAILBOX_PASSWORD
from tests.fixtures.mail import MailServers

DESK = "support@camellia.example"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, mail_servers: MailServers) -> Iterator[Desk]:
    """A hub with its demo, whose mailbox sends through the real mail server."""
    with running_hub(tmp_path_factory.mktemp("shop"), demo=True) as desk:
        [inbox] = [account for account in desk.ask("GET", "/accounts") if account["channel"] == "email"]
        settings = {"address": DESK, "smtp_host": "127.0.0.1", "smtp_port": mail_servers.smtp, "smtp_security": "none"}
        desk.ask("PATCH", f"/accounts/{inbox['id']}", {"version": inbox["version"], "settings": settings})
        add_user(desk, "agnes", "administrator", display_name="Agnes Bell")
        yield desk


class Customer:
    """Somebody with a mailbox of their own at a real provider."""

    def __init__(self, servers: MailServers) -> None:
        self._servers = servers
        self.address = servers.new_user()

    def letter(self, to: str, subject: str, text: str, *, answers: Message | None = None) -> EmailMessage:
        letter = EmailMessage(policy=default.clone(max_line_length=200))
        letter["From"] = f"Ines Vogt <{self.address}>"
        letter["To"] = to
        letter["Subject"] = subject
        letter["Message-ID"] = make_msgid(domain="hub.test")
        if answers is not None:
            letter["In-Reply-To"] = answers["Message-ID"]
            letter["References"] = f"{answers['References'] or ''} {answers['Message-ID']}".strip()
        letter.set_content(text)
        return letter

    def send(self, letter: EmailMessage, port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
            smtp.send_message(letter)

    def received(self, text: str) -> Message:
        """The one mail with this text in the mailbox, once it is there."""

        def look() -> list[Message]:
            fetched = self._servers.doveadm("-f", "flow", "fetch", "-u", self.address, "uid", "mailbox", "INBOX", "all")
            uids = re.findall(r"uid=(\d+)", fetched)
            mails = [self._fetch(uid) for uid in uids]
            return [mail for mail in mails if text in _text_of(mail)]

        [found] = eventually(look, within=20)
        return found

    def _fetch(self, uid: str) -> Message:
        said = self._servers.doveadm("fetch", "-u", self.address, "text", "mailbox", "INBOX", "uid", uid)
        return email.message_from_string(said.removeprefix("text:\n"), policy=default)


def _text_of(mail: Message) -> str:
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


@pytest.fixture
def agent(page: Page) -> Page:
    page.set_viewport_size({"width": 1366, "height": 768})
    return page


@pytest.fixture
def visitor(browser: Browser, shop: Desk) -> Iterator[Chat]:
    """Somebody on the demo's shop, in a browser of their own, reading English."""
    context: BrowserContext = browser.new_context(locale="en-GB")
    context.add_init_script(OPEN_ROOTS)
    page = context.new_page()
    page.goto(f"{shop.url}/demo")
    yield Chat(page)
    context.close()


def connect_mailbox(console: Console, servers: MailServers, user: str, name: str) -> None:
    """Through the form, trying the connection before saving."""
    page = console.page
    console.go("/settings/accounts")
    page.get_by_role("button", name="New account").click()
    page.get_by_role("menuitem", name=re.compile("mail", re.I)).click()
    form = page.get_by_role("dialog")
    form.get_by_label(re.compile("^Name")).first.fill(name)
    form.get_by_label("Queue").select_option("General")
    form.get_by_label("Address", exact=True).fill(user)
    form.get_by_label("Mail comes by").select_option("IMAP")
    for kind, port in (("IMAP", servers.imap), ("SMTP", servers.smtp)):
        form.get_by_label(f"{kind} server").fill("127.0.0.1")
        form.get_by_label(f"{kind} port").fill(str(port))
        form.get_by_label(f"{kind} encryption").select_option("None")
    form.get_by_label("IMAP user").fill(user)
    form.get_by_label("IMAP password").fill("wrong")
    form.get_by_role("button", name="Test connection").click()
    expect(form.get_by_role("status").get_by_label("failed")).to_have_count(1)
    form.get_by_label("IMAP password").fill(MAILBOX_PASSWORD)
    form.get_by_role("button", name="Test connection").click()
    expect(form.get_by_role("status").get_by_label("works")).to_have_count(2)
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("Connected", timeout=15_000)


@pytest.mark.covers("W-01", "W-03", "E-01", "E-02", "M-40", "T-03")
def test_three_customers_on_three_ways_are_answered_from_one_page(
    agent: Page, visitor: Chat, shop: Desk, mail_servers: MailServers
) -> None:
    console, customer, desk_user = Console(agent, shop), Customer(mail_servers), mail_servers.new_user()
    key = uuid4().hex[:8]
    by_chat, by_smtp, by_imap = f"Do you deliver today? {key}c", f"Where is my order? {key}s", f"我的发票在哪里？ {key}i"
    console.sign_in("agnes")
    connect_mailbox(console, mail_servers, desk_user, f"Accounts {key}")

    visitor.open()
    visitor.say(by_chat)
    question = customer.letter(DESK, f"Order {key}", by_smtp)
    customer.send(question, shop.smtp_port)
    invoice = customer.letter(desk_user, f"发票 {key}", by_imap)
    mail_servers.deliver(desk_user, invoice.as_bytes())

    console.go("/inbox/all")
    for text in (by_chat, by_smtp, by_imap):
        expect(console.row(text)).to_have_count(1, timeout=15_000)

    console.open(by_chat)
    console.write(f"Until three o'clock, yes. {key}")
    visitor.shows(f"Until three o'clock, yes. {key}")
    expect(console.message(f"Until three o'clock, yes. {key}")).to_have_attribute("data-status", "read")

    answers = {by_smtp: f"It left this morning. {key}", by_imap: f"发票已经寄出。 {key}"}
    for text, answer in answers.items():
        console.open(text)
        console.write(answer)
        expect(console.message(answer)).to_have_attribute("data-status", re.compile("accepted|delivered"), timeout=15_000)
    for text, sent in ((by_smtp, question), (by_imap, invoice)):
        got = customer.received(answers[text])
        assert got["In-Reply-To"] == sent["Message-ID"]
        assert sent["Message-ID"] in got["References"]
        assert got["Subject"] == f"Re: {sent['Subject']}"
        assert got["Auto-Submitted"] is None

    # The customer writes back, by the provider, to where the answer asks; it stands on the open page at once.
    answer = customer.received(answers[by_imap])
    here = agent.url.rsplit("/", 1)[-1]
    customer.send(
        customer.letter(str(answer["Reply-To"] or answer["From"]), f"回复: 发票 {key}", f"收到，谢谢。 {key}", answers=answer),
        mail_servers.smtp,
    )
    expect(console.message(f"收到，谢谢。 {key}")).to_be_visible(timeout=15_000)
    assert agent.url.endswith(here)
    assert [item["direction"] for item in shop.said(here) if item["direction"] != "event"] == ["in", "out", "in"]

    # Who wrote is known as one customer with both mails; the visitor is linked to him by hand, and a ticket is made of it.
    expect(console.details.get_by_role("link", name="Ines Vogt")).to_be_visible()
    expect(console.details).to_contain_text(f"Order {key}")
    console.open(f"Until three o'clock, yes. {key}")
    console.details.get_by_role("button", name="Choose another customer").click()
    agent.get_by_role("textbox", name="Find a customer").fill("Ines Vogt")
    agent.get_by_role("listbox", name="Find a customer").get_by_role("option", name=re.compile("Ines Vogt")).click()
    expect(console.details.get_by_role("link", name="Ines Vogt")).to_be_visible()
    console.details.get_by_role("button", name="New ticket").click()
    form = agent.get_by_role("dialog")
    form.get_by_label("Title").fill(f"Deliver today {key}")
    form.get_by_label("Priority").select_option("High")
    form.get_by_role("button", name="New ticket").click()
    expect(console.details).to_contain_text(f"Deliver today {key}")

    chat = shop.ask("GET", f"/conversations/{agent.url.rsplit('/', 1)[-1]}")
    mail = shop.ask("GET", f"/conversations/{here}")
    assert chat["customer"]["id"] == mail["customer"]["id"]
    [ticket_id] = chat["ticket_ids"]
    ticket = shop.ask("GET", f"/tickets/{ticket_id}")
    assert (ticket["title"], ticket["priority"], ticket["customer_id"]) == (
        f"Deliver today {key}",
        "high",
        chat["customer"]["id"],
    )
