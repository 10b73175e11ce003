"""What the writer calls good English, and the small changes that make it so."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts import facts, foreign_facts
from bot.generators.writer.generator import WEIGHTS, Thresholds, WriterGenerator
from bot.generators.writer.grammar import Grammar, read_grammar
from bot.generators.writer.mends import ARTICLES, BASE, THIRD_PERSON, Tag, mended
from bot.generators.writer.reader import Reader
from bot.generators.writer.slips import spoil
from bot.generators.writer.words import words_of
from bot.polarity import negations
from bot.types import Prompt
from knowledge.types import Passage
from knowledge.word_states import WIDTH, States

SENTENCES = [
    "Yes, the Layne Hotel offers a free breakfast.",
    "No, it does not accept Visa, Mastercard and Alipay.",
    "There are no dogs in an elevator.",
    "You can park a bike at Layne's for €15.50 a day.",
]


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return Grammar(read_grammar(WEIGHTS), Reader().deep_states, doubt=0.95)


@pytest.mark.parametrize(
    ("text", "number", "tag", "better"),
    [
        ("Yes it has a spa.", 0, Tag.COMMA, "Yes, it has a spa."),
        ("It has spa.", 2, Tag.A, "It has a spa."),
        ("It has elevator.", 2, Tag.A, "It has an elevator."),
        ("Lift is there.", 0, Tag.A, "A lift is there."),
        ("It accepts, Visa.", 2, Tag.DROP, "It accepts Visa."),
        ("It is a accessible.", 2, Tag.DROP, "It is accessible."),
        ("It is is open.", 1, Tag.DROP, "It is open."),
        ("Layne offer WiFi.", 1, Tag.THIRD_PERSON, "Layne offers WiFi."),
        ("They serves beer.", 1, Tag.BASE, "They serve beer."),
        ("Accepts Visa, EC, Alipay.", 5, Tag.AND, "Accepts Visa, EC, and Alipay."),
        ("It is a option.", 2, Tag.AN, "It is an option."),
    ],
)
def test_a_mend_is_one_small_change(text: str, number: int, tag: Tag, better: str) -> None:
    assert mended(text, words_of(text), number, tag) == better


@pytest.mark.parametrize(
    ("text", "number", "tag"),
    [
        ("It is open.", 2, Tag.DROP),
        ("It costs 20 20 EUR.", 2, Tag.DROP),
        ("It has lift.", 2, Tag.THIRD_PERSON),
        ("There are dogs.", 1, Tag.THIRD_PERSON),
        ("They do, and dogs may enter.", 2, Tag.DROP),
        ("It has lift.", 2, Tag.OTHER),
        ("It is here.", 2, Tag.AN),
        ("It has an average noise level.", 2, Tag.AN),
        ("It is at Good Hotel.", 3, Tag.A),
        ("It has private, secured parking.", 4, Tag.AND),
    ],
)
def test_words_of_content_are_not_mended(text: str, number: int, tag: Tag) -> None:
    assert mended(text, words_of(text), number, tag) is None


@settings(max_examples=200, deadline=None)
@given(
    sentence=st.sampled_from(SENTENCES), number=st.integers(0, 8), tag=st.sampled_from(list(Tag))
)
def test_no_mend_changes_what_is_said(sentence: str, number: int, tag: Tag) -> None:
    words = words_of(sentence)
    better = mended(sentence, words, number % len(words), tag)
    if better is None:
        return
    little = ARTICLES | BASE.keys() | THIRD_PERSON.keys() | {"and", ","}

    def content(text: str) -> list[str]:
        found = [word.text.casefold() for word in words_of(text)]
        return [word for word in found if word not in little]

    assert content(better) == content(sentence)
    assert not list(foreign_facts(better, facts(sentence)))
    assert negations(better) == negations(sentence)


@settings(max_examples=200, deadline=None)
@given(sentence=st.sampled_from(SENTENCES), seed=st.integers(0, 10_000))
def test_what_was_spoilt_is_put_right_by_its_tag(sentence: str, seed: int) -> None:
    words = [word.text for word in words_of(sentence)]
    spoilt = spoil(words, random.Random(seed))
    assert spoilt is not None
    assert len(spoilt.words) == len(spoilt.tags)
    assert sum(map(bool, spoilt.tags)) == 1
    [number] = [at for at, tag in enumerate(spoilt.tags) if tag]
    text = " ".join(spoilt.words)
    better = mended(text, words_of(text), number, spoilt.tags[number])
    if better is not None:
        plain = [word.text.casefold() for word in words_of(better)]
        # Where "and" replaced a comma, both stand in the list that is mended.
        if spoilt.tags[number] != Tag.AND:
            assert plain == [word.casefold() for word in words]


@pytest.mark.parametrize(
    ("sentence", "better"),
    [
        ("Exploratorium offer free WiFi.", "Exploratorium offers free WiFi."),
        ("No, this hotel doesn't have spa onsite.", "No, this hotel doesn't have a spa onsite."),
        ("Yes, they serves beer and wine only.", "Yes, they serve beer and wine only."),
        ("There are no halal options in its' menu.", "There are no halal options in its menu."),
    ],
)
def test_slips_of_people_are_mended(grammar: Grammar, sentence: str, better: str) -> None:
    assert grammar.right(sentence) == better


@pytest.mark.parametrize(
    "sentence",
    [
        "Yes, Pipasha Restaurant does off free WiFI.",
        "Pizza Hut does no offer live music.",
    ],
)
def test_what_no_mend_puts_right_is_not_told(grammar: Grammar, sentence: str) -> None:
    assert grammar.right(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Yes, parking is available at the Layne Hotel.",
        "The noise level is average.",
        "Returns are free within 30 days.",
    ],
)
def test_good_english_is_left_as_it_is(grammar: Grammar, sentence: str) -> None:
    assert grammar.right(sentence) == sentence


def test_a_sentence_that_stays_doubtful_ends_after_two_changes() -> None:
    """Weights that always see an article missing."""
    weights = {name: np.zeros_like(values) for name, values in read_grammar(WEIGHTS).items()}
    weights["judge.bias"][Tag.A] = 9.0

    def states(words: Sequence[str]) -> States:
        return np.zeros((len(words), 2 * WIDTH), dtype=np.float32)

    assert Grammar(weights, states, doubt=0.7).right("It is here.") is None
    assert Grammar(weights, states, doubt=1.1).right("It is here.") == "It is here."


def test_bad_english_is_mended_or_left_to_the_quotation() -> None:
    def answer(text: str) -> str:
        passage = Passage("a", "doc", "Pho Hut", (), "Is there WiFi?", text, "en")
        return "".join(writer.generate(Prompt("Is there WiFi?", (passage,), "en")))

    sure = Thresholds(sure=0.0, here=0.0, clear=0.0)
    with contextlib.closing(WriterGenerator(thresholds=sure)) as writer:
        assert answer("Yes. Pho Hut offer free WiFi.").endswith("Pho Hut offers free WiFi.")
        assert answer("Pho Hut does no offer WiFi.") == ""


def test_the_graph_gives_the_same_last_states_with_the_middle_ones() -> None:
    from knowledge.word_states import WordStates

    encoder = WordStates()
    [last], [both] = encoder.states([["a", "lift"]]), encoder.deep_states([["a", "lift"]])
    assert both.shape == (2, 2 * WIDTH)
    assert both[:, WIDTH:] == pytest.approx(last, abs=1e-6)
    assert not np.allclose(both[:, :WIDTH], last)
