"""What customers and agents say to each other, in three languages. Pure.

Each concern is a conversation: who speaks and what, first the customer. ``{order}``, ``{product}``, ``{serial}``,
``{name}`` and ``{agent}`` are filled in. Lines that begin with ``+`` are left out of short conversations.
"""
# ruff: noqa: E501 -- a sentence is easier to read in one line

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Concern:
    """Why somebody writes: by language the subject of the case, and what is said, customer and agent in turn."""

    topic: str
    type: str
    tags: Sequence[str]
    priority: int
    about_machine: bool
    subject: Mapping[str, str]
    lines: Mapping[str, Sequence[str]]
    notes: Sequence[str]  # of the agent, internal


CONCERNS = (
    Concern(
        topic="order",
        type="delivery",
        tags=("delivery",),
        priority=0,
        about_machine=False,
        subject={
            "en": "Order {order} has not arrived",
            "de": "Bestellung {order} nicht angekommen",
            "zh": "订单 {order} 未送达",
        },
        lines={
            "en": (
                "Hi, my order {order} was to come on Tuesday, and nothing is here yet.",
                "Hello {name}, {agent} here. I am looking it up.",
                "+It is for a tasting on Saturday, so I am a little nervous.",
                "The parcel lies at the depot since Monday; the driver did not find the entrance. I have asked for a new delivery tomorrow.",
                "+Can he ring at the back door? The front is a building site.",
                "+Noted: back door, ring twice.",
                "Great, thank you!",
            ),
            "de": (
                "Guten Tag, meine Bestellung {order} sollte am Dienstag kommen. Bisher ist nichts da.",
                "Guten Tag {name}, hier ist {agent}. Ich sehe sofort nach.",
                "+Wir brauchen den Tee für eine Verkostung am Samstag.",
                "Das Paket liegt seit Montag im Depot, der Fahrer hat den Eingang nicht gefunden. Morgen wird neu zugestellt.",
                "+Kann er an der Hintertür klingeln? Vorne ist eine Baustelle.",
                "+Ist notiert: Hintertür, zweimal klingeln.",
                "Wunderbar, vielen Dank!",
            ),
            "zh": (
                "你好，我的订单 {order} 说好周二到，到现在还没有收到。",
                "您好，我是{agent}，马上为您查询。",
                "+我们周六有品茶会，有点着急。",
                "包裹周一就到了站点，快递员没有找到入口，我已经安排明天重新派送。",
                "+可以走后门吗？前面在施工。",
                "+已经备注：走后门，按两次门铃。",
                "太好了，谢谢！",
            ),
        },
        notes=("Carrier ticket opened.", "Depot confirmed by phone."),
    ),
    Concern(
        topic="technical",
        type="repair",
        tags=("warranty", "repair"),
        priority=2,
        about_machine=True,
        subject={
            "en": "{product} does not switch off",
            "de": "{product} schaltet nicht ab",
            "zh": "{product} 无法自动断电",
        },
        lines={
            "en": (
                "The {product} boils and boils and does not switch off any more. Serial number {serial}.",
                "That should not be. Please do not use it for now. Is the lid fully closed when it happens?",
                "+Yes, it clicks. It began last week.",
                "Then the steam sensor is worn out. Your warranty covers it: I am sending a new base today, and a label for the old one.",
                "+Do I need the old box for that?",
                "+Any box will do.",
                "Perfect, that was quick.",
            ),
            "de": (
                "Der {product} kocht und kocht und schaltet nicht mehr ab. Seriennummer {serial}.",
                "Das darf nicht sein, bitte benutzen Sie ihn vorerst nicht. Rastet der Deckel dabei ein?",
                "+Ja, er klickt. Es hat letzte Woche angefangen.",
                "Dann ist der Dampfsensor defekt. Das ist ein Garantiefall: Ich schicke heute einen neuen Sockel und einen Rücksendeschein.",
                "+Brauche ich dafür den alten Karton?",
                "+Jeder Karton genügt.",
                "Perfekt, das ging schnell.",
            ),
            "zh": (
                "{product} 一直烧水，不会自动断电。序列号 {serial}。",
                "这个情况不正常，请先不要使用。出现问题时盖子盖紧了吗？",
                "+盖紧了，有咔哒声，上周开始的。",
                "那是蒸汽感应器坏了，在保修期内，我今天给您寄新的底座和退货单。",
                "+退回需要原包装吗？",
                "+任何纸箱都可以。",
                "好的，处理得很快。",
            ),
        },
        notes=("Known fault of series {serial}.", "Replacement base sent."),
    ),
    Concern(
        topic="invoice",
        type="billing",
        tags=("invoice",),
        priority=1,
        about_machine=False,
        subject={
            "en": "Invoice for {order} is wrong",
            "de": "Rechnung zu {order} falsch",
            "zh": "订单 {order} 发票有误",
        },
        lines={
            "en": (
                "The invoice for {order} shows the wrong company name. Our accounting refuses it.",
                "I am sorry. Which name should it have?",
                "It should read as in our contract, with the VAT number.",
                "Done: the corrected invoice is in your mailbox, the old one is cancelled.",
                "+And next month?",
                "+I have changed it in your account, so the next ones will be right.",
                "Thanks, that helps.",
            ),
            "de": (
                "Auf der Rechnung zu {order} steht die falsche Firma. Die Buchhaltung lehnt sie ab.",
                "Das tut mir leid. Wie soll der Name lauten?",
                "So wie im Vertrag, mit Umsatzsteuernummer.",
                "Erledigt: Die berichtigte Rechnung ist in Ihrem Postfach, die alte ist storniert.",
                "+Und nächsten Monat?",
                "+Ich habe es im Kundenkonto geändert, die nächsten stimmen dann.",
                "Danke, das hilft.",
            ),
            "zh": (
                "订单 {order} 的发票公司名称写错了，财务不收。",
                "非常抱歉，正确的抬头是什么？",
                "按合同上的名称，还要写税号。",
                "已经重新开具，发到您的邮箱，原发票作废。",
                "+下个月会不会又错？",
                "+客户资料已经更新，以后的发票都会是正确的。",
                "谢谢，帮了大忙。",
            ),
        },
        notes=("Corrected in the account.", "Cancelled in the shop."),
    ),
    Concern(
        topic="order",
        type="complaint",
        tags=("complaint", "urgent"),
        priority=4,
        about_machine=False,
        subject={
            "en": "Complaint: third late delivery",
            "de": "Beschwerde: dritte verspätete Lieferung",
            "zh": "投诉：第三次延迟送货",
        },
        lines={
            "en": (
                "This is the third time that you deliver late. Order {order}. I want to talk to somebody who can decide.",
                "I understand that you are angry, {name}. I have read the last two cases as well.",
                "+Words do not serve tea to my guests.",
                "You are right. I take the shipping off this invoice, and my team lead will call you today before five.",
                "+Then I will wait for that call.",
                "+She has your number and knows what happened.",
                "Fine. Let us see.",
            ),
            "de": (
                "Das ist jetzt die dritte verspätete Lieferung, Bestellung {order}. Ich möchte mit jemandem sprechen, der entscheiden darf.",
                "Ich verstehe Ihren Ärger, {name}. Die letzten beiden Fälle habe ich auch gelesen.",
                "+Mit Worten bekomme ich meine Gäste nicht bedient.",
                "Sie haben recht. Der Versand wird gutgeschrieben, und meine Teamleiterin ruft Sie heute vor 17 Uhr an.",
                "+Dann warte ich auf den Anruf.",
                "+Sie hat Ihre Nummer und kennt den Vorgang.",
                "Gut. Wir werden sehen.",
            ),
            "zh": (
                "这是第三次延迟送货了，订单 {order}。我要投诉，请让负责人联系我。",
                "非常理解您的心情，前两次的记录我也看到了。",
                "+客人等着喝茶，光道歉没有用。",
                "您说得对，本次运费全免，我们主管今天五点前给您回电。",
                "+那我等电话。",
                "+她已经了解全部情况。",
                "好吧，看结果。",
            ),
        },
        notes=("Team lead informed.", "Shipping credited."),
    ),
    Concern(
        topic="other",
        type="question",
        tags=(),
        priority=0,
        about_machine=False,
        subject={
            "en": "Which tea for a breakfast buffet?",
            "de": "Welcher Tee fürs Frühstücksbuffet?",
            "zh": "自助早餐选什么茶？",
        },
        lines={
            "en": (
                "We open a breakfast buffet for sixty people. Which tea would you take?",
                "How many of them drink it with milk?",
                "+Most, I would say.",
                "Then the {product} is a safe choice, and a Darjeeling beside it for those who do not.",
                "+How much do we need for a month?",
                "+About three kilos.",
                "I will order a sample. Thank you!",
            ),
            "de": (
                "Wir eröffnen ein Frühstücksbuffet für sechzig Gäste. Welchen Tee würden Sie nehmen?",
                "Wie viele trinken ihn mit Milch?",
                "+Die meisten, denke ich.",
                "Dann passt {product} gut, und daneben ein Darjeeling für die anderen.",
                "+Wie viel brauchen wir im Monat?",
                "+Etwa drei Kilo.",
                "Ich bestelle eine Probe. Danke!",
            ),
            "zh": (
                "我们要开六十人的自助早餐，选什么茶比较好？",
                "客人喝茶加奶的多吗？",
                "+大部分加奶。",
                "那 {product} 很合适，再配一款大吉岭给不加奶的客人。",
                "+一个月需要多少？",
                "+大约三公斤。",
                "我先订一份样品，谢谢！",
            ),
        },
        notes=("Sample requested.",),
    ),
    Concern(
        topic="order",
        type="return",
        tags=("return",),
        priority=1,
        about_machine=False,
        subject={
            "en": "Return of order {order}",
            "de": "Rücksendung der Bestellung {order}",
            "zh": "订单 {order} 退货",
        },
        lines={
            "en": (
                "Two cups of order {order} arrived broken. I would like to send the set back.",
                "I am sorry to hear that. Would you like your money back, or a new set?",
                "+A new set, if it is packed better.",
                "It leaves our warehouse today, double boxed. You need not send the old one.",
                "+Really? Thank you.",
                "+Of course. Enjoy your tea.",
                "Bye!",
            ),
            "de": (
                "Zwei Schalen aus Bestellung {order} kamen zerbrochen an. Ich möchte das Set zurückgeben.",
                "Das tut mir leid. Möchten Sie Ihr Geld zurück oder ein neues Set?",
                "+Ein neues Set, aber besser verpackt.",
                "Es verlässt heute das Lager, doppelt verpackt. Das alte brauchen Sie nicht zu schicken.",
                "+Wirklich? Danke.",
                "+Natürlich. Viel Freude damit.",
                "Auf Wiedersehen!",
            ),
            "zh": (
                "订单 {order} 里有两个杯子碎了，我想退货。",
                "很抱歉，您希望退款还是补发一套？",
                "+补发吧，请包装好一点。",
                "今天就发出，双层纸箱，旧的不用退回。",
                "+真的吗？谢谢。",
                "+应该的，祝您用茶愉快。",
                "再见！",
            ),
        },
        notes=("Goodwill replacement approved.",),
    ),
)
"""Each concern has its weight by how often it stands in ``OFTEN``."""

OFTEN = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5)
