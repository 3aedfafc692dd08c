"""Every printed number has a rule, and every rule a number."""

import pytest

from hwsim.reproduction.printed import PAPERS, Printed, numbers
from hwsim.reproduction.rules import Rule
from hwsim.reproduction.run import SOURCES


def rules_of(paper: str) -> tuple[Rule, ...]:
    return SOURCES[paper].rules(False)


def first_rule(printed: Printed, rules: tuple[Rule, ...]) -> int | None:
    return next((i for i, rule in enumerate(rules) if rule.matches(printed)), None)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_number_of_a_paper_has_a_rule(paper: str) -> None:
    rules = rules_of(paper)
    assert [p for p in numbers(paper) if first_rule(p, rules) is None] == []


@pytest.mark.parametrize("paper", [p for p in PAPERS if p != "tinysnn"])
def test_every_rule_is_the_first_of_some_number(paper: str) -> None:
    rules = rules_of(paper)
    used = {first_rule(p, rules) for p in numbers(paper)}
    assert [rules[i] for i in range(len(rules)) if i not in used] == []
