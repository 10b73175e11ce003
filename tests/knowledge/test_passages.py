"""Documents are cut at their headings and questions; nothing is lost and every id is its own."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.characters import clean
from knowledge.passages import SPLITTER, cut, entry_of, slug
from knowledge.reading import document_paths, read_document
from knowledge.sources import DEMO_PACK
from knowledge.splitting import LONGEST, size
from knowledge.types import Document, Entry, Passage


def passages(markdown: str, title: str = "Help") -> list[Passage]:
    return cut(Document("docs/help.md", title, markdown))


def shown(markdown: str, title: str = "Help") -> list[tuple[tuple[str, ...], str, str]]:
    return [(each.path, each.question, each.text) for each in passages(markdown, title)]


def test_the_splitter_is_named_with_its_size_and_version() -> None:
    assert re.fullmatch(r"cut \d+, 1200, langchain-text-splitters [\d.]+", SPLITTER)


def test_a_heading_with_its_text_is_a_passage_below_its_path() -> None:
    text = "# Help\n\nWelcome.\n\n## Shipping\n\n### Norway\nBy boat.\n\n## Empty\n\n# More\nEnd."
    assert shown(text) == [
        ((), "", "Welcome."),
        (("Shipping", "Norway"), "", "By boat."),
        (("More",), "", "End."),
    ]


def test_underlined_headings_count_and_signs_in_code_do_not() -> None:
    text = "Costs\n-----\nFree.\n\n```sh\n# no heading\n```\n\n    # nor here\n\n> # nor quoted\n"
    assert [(path, body.count("#")) for path, _, body in shown(text)] == [(("Costs",), 3)]


def test_text_above_the_first_heading_belongs_to_the_title() -> None:
    found = passages("Hello.\n\n## A\nText.", title="Shop help")
    assert (found[0].id, found[0].heading, found[0].text) == (
        "docs/help.md#shop-help",
        "Shop help",
        "Hello.",
    )


def test_a_document_without_headings_is_one_passage() -> None:
    assert shown("One.\n\nTwo.") == [((), "", "One.\n\nTwo.")]


def test_a_question_owns_the_deeper_headings_of_its_answer() -> None:
    text = "# Help\n## Is there duty?\nIt depends.\n### Norway\nYes.\n## 多久？\n三天。"
    assert shown(text) == [
        (("Is there duty?",), "Is there duty?", "It depends.\n### Norway\nYes."),
        (("多久？",), "多久？", "三天。"),
    ]


def test_a_question_above_other_questions_does_not_swallow_them() -> None:
    text = "# Any questions?\nAsk.\n## How long?\n5 days.\n## Why?\nSo."
    assert shown(text, "Any questions?") == [
        (("Any questions?",), "Any questions?", "Ask."),
        (("How long?",), "How long?", "5 days."),
        (("Why?",), "Why?", "So."),
    ]


def test_a_title_that_asks_does_not_swallow_a_long_document() -> None:
    text = f"# Need help?\nAsk.\n## Returns\n{'Send it. ' * 200}\n## Shipping\nFree."
    assert [path for path, *_ in shown(text, "Need help?")][::3] == [
        ("Need help?",),
        ("Shipping",),
    ]


def test_the_question_is_plain_text_without_its_number() -> None:
    text = (
        "## 2.1) How do I **cancel** `LF-1` [now](x)?\nCall.\n"
        "## Q: Late\nA: Wait.\n## 3、多久？\n答：三天"
    )
    assert [(question, body) for _, question, body in shown(text)] == [
        ("How do I cancel LF-1 now?", "Call."),
        ("Late", "Wait."),
        ("多久？", "三天"),
    ]


def test_a_paragraph_above_dashes_is_no_heading() -> None:
    long = "word " * 60
    assert shown(f"{long}\n---\nEnd.") == [((), "", f"{long.strip()}\n---\nEnd.")]


def test_entries_of_a_table_are_passages() -> None:
    entries = (
        Entry(" How\nlong? ", "5\x00 days\r\n"),
        Entry("", "x"),
        Entry("How long?", "6", ("a\n",)),
    )
    found = cut(Document("d.csv", "FAQ", entries=entries))
    assert [(each.id, each.path, each.text, each.asked) for each in found] == [
        ("d.csv#how-long", ("How long?",), "5 days", ()),
        ("d.csv#how-long-2", ("How long?",), "6", ("a",)),
    ]


def test_other_ways_to_ask_stand_in_a_comment_that_nobody_sees() -> None:
    text = "<!-- draft -->\nHi.\n## How long?\n<!-- asked\nwhen\n# how many days\n-->\n5 days."
    assert [(each.text, each.asked) for each in passages(text)] == [
        ("Hi.", ()),
        ("5 days.", ("when", "# how many days")),
    ]


def test_ids_are_slugs_that_repeat_with_a_number() -> None:
    text = "## Costs!\na\n## Costs\nb\n## Costs 2\nc\n## costs\nd\n## 运费 多少\ne\n## 🙂\nf"
    assert [each.id.partition("#")[2] for each in passages(text)] == [
        "costs", "costs-2", "costs-2-2", "costs-3", "运费-多少", "section",
    ]  # fmt: skip


def test_a_long_section_is_split_with_its_path_and_question() -> None:
    body = "\n\n".join(f"Sentence {number} of the answer. " * 12 for number in range(8))
    found = passages(f"# Help\n## How?\n{body}")
    assert [each.id for each in found[:3]] == [
        "docs/help.md#how", "docs/help.md#how/2", "docs/help.md#how/3",
    ]  # fmt: skip
    assert {(each.path, each.question) for each in found} == {(("How?",), "How?")}
    assert max(size(each.text) for each in found) <= LONGEST


def test_language_is_decided_by_question_and_text() -> None:
    found = passages("## 退款要多久？\nPayPal\n## How do I ask for 退款?\nCall.")
    assert [each.language for each in found] == ["zh", "en"]


def test_invisible_characters_are_removed_and_line_ends_are_one_kind() -> None:
    found = passages("# A\r\n\r\nre\u200bfund\x00\x07 o\ufb03ce\u2028café\r\nx\ud800y")
    assert found[0].text == "refund office\ncafé\nxy"


def test_every_entry_of_the_demo_pack_is_one_passage() -> None:
    for path in document_paths(DEMO_PACK):
        document = read_document(path, path.name)
        found = cut(document)
        assert sum(bool(each.question) for each in found) >= 5
        assert not [each.id for each in found if "/" in each.id]
        assert {each.language for each in found} == {path.parent.name}


words = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=12)
lines = st.one_of(
    words.map(lambda word: f"# {word}"),
    words.map(lambda word: f"### {word}?"),
    words.map(lambda word: f"Q: {word}"),
    words.map(lambda word: f"**{word}?**"),
    st.lists(words, max_size=300).map(" ".join),
    st.lists(words, min_size=1, max_size=4).map(lambda cells: f"| {' | '.join(cells)} |"),
    st.sampled_from(
        ["", "---", "===", "|---|---|", "```", "> a", "- b", "    c", "[x]: y", "答：z"]
    ),
)
markdown = st.lists(lines, max_size=30).map("\n".join)


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("#*`>|-=<!? \n\t[]()Qa：答问？"), markdown), st.text())
def test_any_text_is_cut_into_passages_with_text_and_ids_of_their_own(
    text: str, title: str
) -> None:
    found = cut(Document("d", title, text))
    assert len({each.id for each in found}) == len(found)
    assert all(each.text.strip() for each in found)
    assert found == cut(Document("d", title, text))


@settings(deadline=None)
@given(markdown)
def test_every_word_below_a_heading_is_in_some_passage(text: str) -> None:
    text = clean(text)
    found = passages(text)
    kept = {
        word
        for each in found
        for part in (*each.path, each.question, each.text)
        for word in re.findall(r"\w+", part)
    }
    for line in text.split("\n"):
        if not line.startswith(("#", "答", "Q:")) and not re.match(r"-+$|=+$", line):
            assert set(re.findall(r"\w+", line)) <= kept | _underlined(text)


def _underlined(text: str) -> set[str]:
    """Words of headings that are underlined: without a text below, they are no passage."""
    return {
        word
        for heading in re.findall(r"((?:.+\n)+?) {0,3}(?:=+|-+)\n?", text)
        for word in re.findall(r"\w+", heading)
    }


@settings(deadline=None)
@given(st.text())
def test_a_slug_stays_the_same_when_it_is_made_again(heading: str) -> None:
    assert slug(slug(heading)) == slug(heading)
    assert re.fullmatch(r"[\w-]+", slug(heading))


def test_the_pieces_of_an_answer_are_one_entry() -> None:
    assert entry_of("shop/faq/en/a.md#b/2") == "shop/faq/en/a.md#b"
    assert entry_of("shop/faq/en/a.md#b") == "shop/faq/en/a.md#b"
    assert entry_of("faq/2") == "faq/2"
