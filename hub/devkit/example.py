"""The example a newcomer finds: a flower shop's desk, half in Chinese and half in English."""

from dataclasses import dataclass
from typing import Literal

from hub.automation.values import AssignAction, CloseAction, ReplyAction, SnoozeAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer. `email` is unique; `company` names an organisation of `COMPANIES`."""

    name: str
    email: str
    phone: str
    level: str = "ordinary"
    city: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing said: by the customer, by an agent, or as a note between agents. `minutes` after the one before."""

    by: Literal["customer", "agent", "note"]
    text: str
    minutes: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation that began `hours_ago`."""

    email: str
    channel: Literal["email", "webchat"]
    subject: str
    hours_ago: float
    lines: tuple[Line, ...]
    is_closed: bool = False
    ticket: str = ""


ADMINISTRATOR = "admin"
DESK = "support@camellia.example"
"""Where customers write to."""
LONG_NUMBER = "+14155550100"
SHORT_CODE = "10690000"
"""Where customers send short messages to: by the simulated Twilio, and by the simulated centre."""

COMPANIES = ("云杉咖啡有限公司", "Northwind Hotels")

PEOPLE = (
    Person(name="林夏", email="lin.xia@example.com", phone="+8613800138001", level="vip", city="上海"),
    Person(name="陈浩然", email="chen.haoran@example.com", phone="+8613800138002", city="杭州", company="云杉咖啡有限公司"),
    Person(name="王雨桐", email="wang.yutong@example.com", phone="+8613800138003", city="北京"),
    Person(name="赵敏", email="zhao.min@example.com", phone="+8613800138004", level="potential", city="成都"),
    Person(name="刘子墨", email="liu.zimo@example.com", phone="+8613800138005", city="广州", company="云杉咖啡有限公司"),
    Person(name="周晓彤", email="zhou.xiaotong@example.com", phone="+8613800138006", level="vip", city="深圳"),
    Person(name="Emma Clarke", email="emma.clarke@example.com", phone="+442079460101", city="London"),
    Person(
        name="Daniel Okafor", email="daniel.okafor@example.com", phone="+442079460102", level="vip", company="Northwind Hotels"
    ),
    Person(name="Sofia Rossi", email="sofia.rossi@example.com", phone="+390669801001", city="Roma"),
    Person(name="Noah Schmidt", email="noah.schmidt@example.com", phone="+493023125001", city="Berlin"),
    Person(name="Maya Patel", email="maya.patel@example.com", phone="+442079460103", company="Northwind Hotels"),
    Person(name="孙悦", email="sun.yue@example.com", phone="+8613800138007", city="南京"),
    Person(name="Sofia Rossi", email="sofia@rossi-studio.example", phone="+390669801002"),  # once more: to be merged
)

TALKS = (
    Talk(
        email="lin.xia@example.com", channel="webchat", subject="", hours_ago=0.4,
        lines=(
            Line(by="customer", text="你好，昨天下午订的绣球花束显示已发货，但是一直没有收到。订单号 SH20261120-0087"),
            Line(by="agent", text="林女士您好，我马上帮您查物流。"),
            Line(by="note", text="物流系统显示派送员上午联系不上收件人，已约今晚七点再送。", minutes=2),
            Line(by="customer", text="麻烦快一点，今晚七点前要用。", minutes=6),
        ),
        ticket="绣球花束未送达 SH20261120-0087",
    ),
    Talk(
        email="daniel.okafor@example.com", channel="email", subject="Weekly lobby arrangements — new contract", hours_ago=3,
        lines=(
            Line(by="customer", text="Hello,\n\nwe would like to renew the weekly lobby arrangements for all four hotels from January.\n"
                 "Could you send us an offer with the seasonal options?\n\nBest regards\nDaniel Okafor"),
            Line(by="agent", text="Dear Mr Okafor,\n\nthank you! I am putting the offer together and will send it this afternoon.", minutes=40),
            Line(by="customer", text="Perfect. Please include the Christmas trees for the two London houses.", minutes=55),
        ),
        ticket="Offer: weekly lobby arrangements 2027",
    ),
    Talk(
        email="chen.haoran@example.com", channel="email", subject="发票抬头修改", hours_ago=5,
        lines=(
            Line(by="customer", text="您好，上个月的发票抬头写错了，请改为“云杉咖啡有限公司”，税号不变。谢谢！"),
        ),
    ),
    Talk(
        email="emma.clarke@example.com", channel="webchat", subject="", hours_ago=1.2,
        lines=(
            Line(by="customer", text="Hi! Do you deliver sunflowers to Camden on Sundays?"),
            Line(by="agent", text="Hello Emma, yes — Sundays between 9 and 13."),
            Line(by="customer", text="Great, and can I add a card with a text of my own?", minutes=3),
        ),
    ),
    Talk(
        email="wang.yutong@example.com", channel="email", subject="玫瑰花收到时已经枯萎", hours_ago=20,
        lines=(
            Line(by="customer", text="今天收到的 33 朵红玫瑰有一半已经枯萎，包装也破了，非常失望。希望退款或者重新配送。照片在附件里。"),
            Line(by="agent", text="王女士，非常抱歉。我们今天就重新配送一束，原订单同时退款一半，您看可以吗？", minutes=35),
            Line(by="note", text="已和仓库确认，新花束 16:00 出库。", minutes=5),
            Line(by="customer", text="可以，谢谢你们处理得这么快。", minutes=22),
        ),
        ticket="玫瑰枯萎：退款一半并重新配送",
    ),
    Talk(
        email="sofia.rossi@example.com", channel="email", subject="Wedding on 12 June", hours_ago=27,
        lines=(
            Line(by="customer", text="Good morning,\n\nwe are getting married on 12 June and love your camellias. Are they available in June, "
                 "and what would 14 table arrangements cost?\n\nSofia"),
            Line(by="agent", text="Dear Sofia,\n\ncongratulations! Camellias are over by June, but peonies in the same colours are at their best.\n"
                 "I attach two proposals.", minutes=90),
        ),
    ),
    Talk(
        email="sofia@rossi-studio.example", channel="email", subject="Peonies for 12 June", hours_ago=6,
        lines=(
            Line(by="customer", text="Good morning,\n\nI write from the studio: the second proposal, please, for 16 tables instead of 14.\n\nSofia"),
        ),
    ),
    Talk(
        email="zhou.xiaotong@example.com", channel="webchat", subject="", hours_ago=2.1,
        lines=(
            Line(by="customer", text="会员积分什么时候到账？"),
            Line(by="agent", text="签收后 24 小时内自动到账，您可以在“我的账户”里查看。", minutes=1),
            Line(by="customer", text="好的，看到了，谢谢！", minutes=2),
        ),
        is_closed=True,
    ),
    Talk(
        email="noah.schmidt@example.com", channel="email", subject="Change of delivery address", hours_ago=8,
        lines=(
            Line(by="customer", text="Please deliver my order DE-4471 to my office instead: Torstraße 12, 10119 Berlin.\n\nThanks, Noah"),
            Line(by="agent", text="Dear Noah, done: DE-4471 goes to Torstraße 12 tomorrow between 10 and 12.", minutes=12),
        ),
        is_closed=True,
    ),
    Talk(
        email="zhao.min@example.com", channel="webchat", subject="", hours_ago=0.1,
        lines=(Line(by="customer", text="想给公司前台订每周一次的鲜花，有企业套餐吗？大概 15 盆。"),),
    ),
    Talk(
        email="liu.zimo@example.com", channel="email", subject="咖啡店开业花篮", hours_ago=30,
        lines=(
            Line(by="customer", text="下周三新店开业，需要 6 个开业花篮，地址在广州天河。能赶得上吗？"),
            Line(by="agent", text="刘先生您好，可以的，下周三上午九点前送到。花篮飘带的文字请回复给我们。", minutes=18),
            Line(by="customer", text="飘带文字：“云杉咖啡 开业大吉”。", minutes=44),
        ),
        ticket="云杉咖啡开业花篮 6 个（广州天河）",
    ),
    Talk(
        email="maya.patel@example.com", channel="email", subject="Invoice 2026-1093", hours_ago=50,
        lines=(
            Line(by="customer", text="The invoice 2026-1093 lists five arrangements, we received four. Could you correct it?"),
            Line(by="agent", text="Dear Maya, you are right, I am sorry. The corrected invoice is on its way.", minutes=75),
        ),
        is_closed=True,
    ),
    Talk(
        email="sun.yue@example.com", channel="webchat", subject="", hours_ago=26,
        lines=(
            Line(by="customer", text="请问绣球花怎么养护，需要每天换水吗？"),
            Line(by="agent", text="夏天每天换水，冬天两天一次；剪口斜剪，避免阳光直射。", minutes=3),
        ),
        is_closed=True,
    ),
)  # fmt: skip

CANNED = (
    ("hello", "问候", "您好，我是{{agent.name}}，很高兴为您服务。", "zh-CN"),
    ("wait", "请稍候", "请稍等，我正在为您查询。", "zh-CN"),
    ("late", "配送延迟致歉", "非常抱歉，您的订单因天气原因延迟，预计今天 20:00 前送达。", "zh-CN"),
    ("bye", "结束语", "感谢您的来访，祝您生活愉快！", "zh-CN"),
    ("hello", "Greeting", "Hello, this is {{agent.name}}. How can I help you?", "en"),
    ("wait", "One moment", "One moment please, I am looking this up for you.", "en"),
    ("late", "Late delivery", "I am very sorry: your order is delayed by the weather and will arrive before 20:00 today.", "en"),
    ("bye", "Good-bye", "Thank you for getting in touch. Have a nice day!", "en"),
)

MACROS = (
    ("感谢并关闭", "q 1", (ReplyAction(text="{{customer.name}}，感谢您的来访，祝您生活愉快！"), CloseAction())),
    ("Thank and close", "q 2", (ReplyAction(text="Thank you, {{customer.name}}. Have a nice day!"), CloseAction())),
    ("明天再看 · Look tomorrow", "q 3", (AssignAction(me=True), SnoozeAction(minutes=24 * 60))),
)

AGENTS = (("li.na", "李娜", "1001", "zh-CN"), ("tom.baker", "Tom Baker", "1002", "en"), ("zhang.wei", "张伟", "1003", "zh-CN"))
