"""Who has what an item needs."""

import hypothesis
from hypothesis import strategies as st

from engine.model.work import Requirement
from engine.skills.qualify import Lack, first_lack, merge, qualifies

SKILLS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 10))


def test_first_lack_by_name() -> None:
    requirement = Requirement(skills={"german": 3, "billing": 5})
    assert first_lack(requirement, {"german": 1}) == Lack(skill="billing", needed=5, present=0)
    assert first_lack(requirement, {"german": 1, "billing": 5}) == Lack(skill="german", needed=3, present=1)
    assert first_lack(requirement, {"german": 3, "billing": 9}) is None
    assert first_lack(Requirement(), {}) is None


@hypothesis.given(SKILLS, SKILLS)
def test_qualified_means_nothing_lacks(needed: dict[str, int], present: dict[str, int]) -> None:
    requirement = Requirement(skills=needed)
    assert qualifies(requirement, present) == (first_lack(requirement, present) is None)


@hypothesis.given(SKILLS, SKILLS, SKILLS)
def test_merged_wants_both(one: dict[str, int], other: dict[str, int], present: dict[str, int]) -> None:
    both = qualifies(Requirement(skills=one), present) and qualifies(Requirement(skills=other), present)
    assert qualifies(Requirement(skills=merge(one, other)), present) == both
