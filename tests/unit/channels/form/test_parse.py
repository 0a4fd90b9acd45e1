"""Whatever a browser sends is read: values, or a fault of the field, never an exception."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.form.filing import arrival_of
from engine.channels.form.page import Filling, View, fault_text, form_part
from engine.channels.form.parse import Checks, Filled, SentFile, clean, digest_of, file_name, fill
from engine.channels.form.texts import TEXTS, locale_of, size_of
from engine.customers.addresses import phone_key
from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.form import Form, FormField, FormFiles
from engine.model.organisation import Channel, Organisation
from engine.skills.custom_fields import merged
from tests.organisations import small_organisation

CHECKS = Checks(phone_key=phone_key, custom=merged)
CUSTOM = {
    "tins": CustomField(key="tins", name="Tins", type=CustomFieldType.NUMBER, least=1, most=500),
    "since": CustomField(key="since", name="Since", type=CustomFieldType.DATE),
    "again": CustomField(key="again", name="Again", type=CustomFieldType.BOOLEAN),
    "cause": CustomField(key="cause", name="Cause", type=CustomFieldType.CHOICE, choices={"a": "A", "b": "B"}),
    "which": CustomField(key="which", name="Which", type=CustomFieldType.CHOICES, choices={"a": "A", "b": "B"}),
    "page": CustomField(key="page", name="Page", type=CustomFieldType.URL),
    "batch": CustomField(key="batch", name="Batch", type=CustomFieldType.TEXT, longest=5),
}
KEYS = ("name", "email", "phone", "topic", "subject", "description", *(f"case.{key}" for key in CUSTOM))


def organisation() -> Organisation:
    form = Form(fields=tuple(FormField(key=key) for key in KEYS), files=FormFiles(types=("image/*", ".txt")))
    channel = Channel(key="form", kind="form", name="Form", queue="sales", topics=(("order", "Order"),), form=form)
    return small_organisation(region="GB", fields={FieldOf.CASE: CUSTOM}, channels={"form": channel})


SHOP = organisation()
VIEW = View(organisation=SHOP, channel=SHOP.channels["form"], locale="en")


def read(**sent: str) -> Filled:
    values = {name.replace("__", "."): [value] for name, value in sent.items()}
    return fill(SHOP, "form", values, (), CHECKS)


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("tins", "12", 12),
        ("tins", "1,5", 1.5),
        ("since", "2026-11-22", "2026-11-22"),
        ("again", "no", False),
        ("cause", "b", "b"),
        ("which", "a", ["a"]),
        ("page", "https://a.example/b", "https://a.example/b"),
        ("batch", " K 7 ", "K 7"),
    ],
)
def test_values_of_custom_fields(key: str, typed: str, kept: object) -> None:
    filled = read(**{f"case__{key}": typed})
    assert filled.faults == {}
    assert filled.case_fields == {key: kept}


@pytest.mark.parametrize(
    ("key", "typed", "fault"),
    [
        ("email", "nobody", "email"),
        ("email", "a@b@c", "email"),
        ("email", "Vera <v@example.com>", "email"),
        ("phone", "12", "phone"),
        ("topic", "nothing", "choice"),
        ("subject", "x" * 201, "long"),
        ("case__tins", "many", "number"),
        ("case__tins", "nan", "number"),
        ("case__tins", "1e400", "most"),
        ("case__tins", "0", "least"),
        ("case__since", "22.11.2026", "date"),
        ("case__cause", "c", "choice"),
        ("case__which", "c", "choice"),
        ("case__page", "javascript:alert(1)", "url"),
        ("case__batch", "123456", "long"),
    ],
)
def test_faults_name_their_field(key: str, typed: str, fault: str) -> None:
    filled = read(**{key: typed})
    name = key.replace("__", ".")
    assert {one: found.key for one, found in filled.faults.items()} == {name: fault}
    assert fault_text(VIEW, filled)[name]
    assert filled.text(name) == typed, "it is shown again"


def test_a_telephone_number_is_kept_as_written_and_as_it_is_compared() -> None:
    filled = read(phone="020 7946 0018")
    assert (filled.text("phone"), filled.phone_key) == ("020 7946 0018", "+442079460018")


def test_the_same_content_has_the_same_digest() -> None:
    one, other = read(name=" Vera", subject="a  b"), read(name="Vera", subject="a b")
    file = SentFile(name="a.txt", media_type="", size=3)
    assert digest_of(one, ()) == digest_of(other, ())
    assert digest_of(one, [file]) != digest_of(one, [replace(file, size=4)])


@pytest.mark.parametrize(("name", "kept"), [("C:\\x\\a.png", "a.png"), ("../../etc", "etc"), ("..", ""), ("a\nb", "")])
def test_names_of_files(name: str, kept: str) -> None:
    assert file_name(name) == kept


VALUES = st.dictionaries(
    st.sampled_from([*KEYS, "consent", "files", "token"]) | st.text(max_size=5),
    st.lists(st.text(max_size=40) | st.sampled_from(["1e999", "\ud800", "\0", "a\r\nb"]), max_size=4),
)
FILES = st.lists(st.builds(SentFile, name=st.text(max_size=10), media_type=st.text(), size=st.integers(min_value=0)))


@given(VALUES, FILES)
def test_whatever_is_sent_is_read_and_can_be_shown_and_kept(values: dict[str, list[Any]], files: list[Any]) -> None:
    filled = fill(SHOP, "form", values, files, CHECKS)
    faults = fault_text(VIEW, filled)
    form_part(VIEW, token="t", bits=1, filling=Filling(filled=filled, faults=faults)).encode()
    arrival = arrival_of(SHOP, SHOP.channels["form"], filled, key="k", digest="d", locale="en", address="")
    assert arrival.seed is not None
    assert 1 <= len(arrival.seed.subject) <= 200
    assert "\0" not in arrival.body
    digest_of(filled, files)


@given(st.text())
def test_what_is_cleaned_stays_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    clean(text).encode()
    file_name(text)
    assert locale_of(text, "en") in TEXTS


def test_both_languages_say_everything() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh-CN"].keys()
    assert [size_of(count) for count in (12, 2_048, 5_242_880)] == ["12 B", "2 KiB", "5 MiB"]
