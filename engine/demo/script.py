"""What simulated people say, in English and Chinese. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One customer's concern: what he says first, and after each answer."""

    locale: str
    topic: str  # key of a topic; where the channel has none of that name, it is left out
    lines: Sequence[str]


NAMES: Mapping[str, Sequence[str]] = {
    "en": ("Olivia Reed", "Noah Patel", "Emma Fischer", "Liam O'Brien", "Sofia Rossi", "Jack Turner", "Maya Cohen"),
    "zh-CN": ("王芳", "李伟", "张敏", "刘洋", "陈静", "杨帆", "赵磊"),
}

STORIES = (
    Story(
        locale="en",
        topic="order",
        lines=(
            "Hi, I ordered three days ago. When will it arrive?",
            "The order number is 55-20871.",
            "Friday is fine. Can the driver leave it with a neighbour?",
            "Great, thank you!",
        ),
    ),
    Story(
        locale="en",
        topic="invoice",
        lines=(
            "There is a payment on my credit card that I cannot place.",
            "It is the one of 84.00 from Monday.",
            "Ah, the second parcel. Could you send me the invoice again?",
            "Got it, thanks a lot.",
        ),
    ),
    Story(
        locale="en",
        topic="technical",
        lines=(
            "The lid arrived broken. What can I do?",
            "Yes, I have a picture of it. The parcel looked fine from outside.",
            "A new lid would be enough, I like the rest.",
            "Perfect. Bye!",
        ),
    ),
    Story(
        locale="en",
        topic="order",
        lines=(
            "I want a refund for my last order, please.",
            "It never came, the tracking has not moved for a week.",
            "OK, thank you.",
        ),
    ),
    Story(
        locale="en", topic="other", lines=("Do you ship to Norway?", "And how long does that take?", "Lovely, thanks.")
    ),
    Story(
        locale="zh-CN",
        topic="order",
        lines=("你好，我的订单什么时候发货？", "订单号是 55-20934。", "好的，可以改成周六送吗？", "谢谢！"),
    ),
    Story(
        locale="zh-CN",
        topic="invoice",
        lines=("您好，我需要开发票。", "抬头是个人，发到我的邮箱就行。", "收到了，谢谢。"),
    ),
    Story(
        locale="zh-CN",
        topic="technical",
        lines=("收到的杯子坏了，能换吗？", "有照片，杯口裂了一道。", "太好了，麻烦你了。"),
    ),
)

MESSAGES = {
    "en": "Nobody was there, so I write: could you call me back about my order 55-21003?",
    "zh-CN": "没有人在线，所以留言：请就订单 55-21003 与我联系。",
}
"""What is left when nobody is there."""

GREETINGS: Mapping[str, Sequence[str]] = {
    "en": ("Hello, this is {name}. Let me see what I can do.", "Hi, {name} here. One moment, I am looking it up."),
    "zh-CN": ("您好，我是{name}，马上为您查看。", "您好，{name}为您服务，请稍等。"),
}
ANSWERS: Mapping[str, Sequence[str]] = {
    "en": (
        "Thank you. I have found it; it left our warehouse this morning.",
        "That is easy to fix: I have noted it on your order.",
        "Of course. You will have a mail from us in a few minutes.",
        "I am sorry about that. I will send you a new one today, at no cost.",
        "Yes, that works. Is there anything else?",
    ),
    "zh-CN": (
        "谢谢，我查到了，今天早上已经出库。",
        "没问题，我已经在订单上备注了。",
        "好的，几分钟后您会收到我们的邮件。",
        "非常抱歉，今天就给您免费补寄一个。",
        "可以的。还有其他需要帮忙的吗？",
    ),
}
NOTES = ("Checked with the warehouse.", "Second contact this week.", "Goodwill replacement approved.")


def language(locale: str) -> str:
    """Return the key of the texts for a locale."""
    return "zh-CN" if locale.lower().startswith("zh") else "en"
