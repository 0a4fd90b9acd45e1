"""Names of people, companies and products in three languages. Pure."""
# ruff: noqa: E501 -- a sentence is easier to read in one line

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LANGUAGES = ("en", "de", "zh")
SHARES = (50, 30, 20)
"""How many of a hundred contacts speak each of them."""

FIRST: Mapping[str, Sequence[str]] = {
    "en": (
        "Olivia", "Noah", "Emma", "Liam", "Sofia", "Jack", "Maya", "Ethan", "Grace", "Lucas", "Isla", "Oscar", "Ruby",
        "Henry", "Amelia", "Leo", "Chloe", "Arthur", "Freya", "Daniel", "Priya", "Samuel", "Zara", "Owen",
    ),
    "de": (
        "Anna", "Lukas", "Lena", "Jonas", "Marie", "Felix", "Sophie", "Paul", "Clara", "Maximilian", "Johanna", "Tim",
        "Greta", "Moritz", "Katharina", "Sebastian", "Jörg", "Ursula", "Matthias", "Birgit", "Jürgen", "Heike",
    ),
    "zh": (
        "芳", "伟", "敏", "洋", "静", "帆", "磊", "娜", "强", "丽", "军", "洁", "勇", "艳", "杰", "涛", "明", "超", "秀英", "霞",
        "建国", "志强", "雪梅", "思远",
    ),
}  # fmt: skip
LAST: Mapping[str, Sequence[str]] = {
    "en": (
        "Reed", "Patel", "Fischer", "O'Brien", "Rossi", "Turner", "Cohen", "Walsh", "Hughes", "Foster", "Bennett",
        "Murphy", "Kaur", "Ellis", "Shaw", "Palmer", "Grant", "Hunt", "Knight", "Doyle", "Marsh", "Okafor",
    ),
    "de": (
        "Schmidt", "Müller", "Weber", "Hoffmann", "Schäfer", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Neumann",
        "Schwarz", "Zimmermann", "Krüger", "Hartmann", "Lange", "Werner", "Voß", "Böhm", "Groß", "Yılmaz",
    ),
    "zh": ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭"),
}  # fmt: skip
ROMAN: Mapping[str, str] = {
    "王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao", "黄": "huang",
    "周": "zhou", "吴": "wu", "徐": "xu", "孙": "sun", "胡": "hu", "朱": "zhu", "高": "gao", "林": "lin", "何": "he",
    "郭": "guo",
}  # fmt: skip

PLACES = (
    "Harbour", "Northgate", "Linden", "Riverside", "Old Mill", "Kestrel", "Juniper", "Copperfield", "Lakeview",
    "Sternwarte", "Nordlicht", "Alster", "Isar", "Bergblick", "Rheingold", "Hofgarten", "Mühlbach", "Seestern",
    "Jade Garden", "Lotus", "West Lake", "Red Lantern", "Bamboo Grove", "Crane", "Silk Road", "Blue Door", "Saffron",
    "Maple & Rye", "Tidewater", "Fernhill", "Oak Lane", "Foxglove", "Marigold", "Sandpiper", "Larkspur", "Beacon",
)  # fmt: skip
TRADES: Mapping[str, Sequence[str]] = {
    "hospitality": ("Hotels", "Café", "Tea Rooms", "Bistro", "Guesthouse", "Kaffeehaus", "Gasthof"),
    "retail": ("Stores", "Delicatessen", "Market", "Feinkost", "Department Store"),
    "offices": ("Consulting", "Studio", "Software", "Architects", "Steuerberatung", "Partners"),
    "health": ("Clinic", "Care Homes", "Praxis", "Wellness"),
}
FORMS = ("Ltd", "GmbH", "Group", "& Co.", "AG", "Inc.", "Holding", "")
ROLES = ("head of purchasing", "office manager", "owner", "assistant", "facility manager", "accountant", "chef")
TIERS = ("", "", "", "silver", "silver", "gold", "platinum")
REGIONS = ("North", "South", "East", "West", "Berlin", "London", "Shanghai", "Hamburg", "Leeds", "Wien", "Zürich")
ZONES: Mapping[str, str] = {"en": "Europe/London", "de": "Europe/Berlin", "zh": "Asia/Shanghai"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """Something that is sold."""

    key: str
    names: Mapping[str, str]  # by language
    price_minor: int
    machine: bool = False  # it has a serial number and a warranty


PRODUCTS = (
    Product(key="K17", names={"en": "Crane kettle 1.7 l", "de": "Wasserkocher Kranich 1,7 l", "zh": "仙鹤电水壶1.7升"},
            price_minor=8_400, machine=True),
    Product(key="K10", names={"en": "Crane kettle 1.0 l", "de": "Wasserkocher Kranich 1,0 l", "zh": "仙鹤电水壶1.0升"},
            price_minor=6_900, machine=True),
    Product(key="B40", names={"en": "Tea boiler 40 l", "de": "Teeautomat 40 l", "zh": "四十升开水器"},
            price_minor=129_000, machine=True),
    Product(key="G2", names={"en": "Leaf grinder G2", "de": "Blattmühle G2", "zh": "茶叶研磨机G2"},
            price_minor=45_900, machine=True),
    Product(key="DJ100", names={"en": "Darjeeling first flush 100 g", "de": "Darjeeling First Flush 100 g", "zh": "大吉岭春茶100克"},
            price_minor=1_890),
    Product(key="LJ250", names={"en": "Longjing 250 g", "de": "Longjing 250 g", "zh": "西湖龙井250克"}, price_minor=4_600),
    Product(key="AS1K", names={"en": "Assam breakfast 1 kg", "de": "Assam Frühstück 1 kg", "zh": "阿萨姆红茶1公斤"},
            price_minor=3_900),
    Product(key="CUP6", names={"en": "Set of six cups", "de": "Sechs Teeschalen", "zh": "茶杯六件套"}, price_minor=5_200),
)  # fmt: skip
MACHINES = tuple(one for one in PRODUCTS if one.machine)
