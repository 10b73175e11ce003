"""Which lines ask a question: headings, marked and bold lines, items of lists; and which do not."""

from __future__ import annotations

from knowledge.passages import cut
from knowledge.types import Document


def shown(markdown: str, title: str = "Help") -> list[tuple[tuple[str, ...], str, str]]:
    passages = cut(Document("docs/help.md", title, markdown))
    return [(each.path, each.question, each.text) for each in passages]


def test_a_heading_asks_whatever_stands_behind_its_question_mark() -> None:
    text = (
        "## How long? {#how-long}\n3 days.\n## How much is it? 🚚\n4.90\n"
        "## Can I cancel? (EU only)\nYes.\n## 可以开发票吗？（仅限企业）\n可以。\n"
        "## Where?¶\nEU.\n## When?#\nNow.\n## C# or C? Read on {#c}\nBoth."
    )
    assert [(path[-1], question) for path, question, _ in shown(text)] == [
        ("How long?", "How long?"),
        ("How much is it? 🚚", "How much is it? 🚚"),
        ("Can I cancel? (EU only)", "Can I cancel? (EU only)"),
        ("可以开发票吗？（仅限企业）", "可以开发票吗？（仅限企业）"),
        ("Where?", "Where?"),
        ("When?", "When?"),
        ("C# or C? Read on", ""),
    ]


def test_marked_questions_in_plain_text_are_entries() -> None:
    text = (
        "Our help\n\nQ: Can I cancel?\nA: Yes.\nQ2. What about\nshoes?\nA: No.\n\n"
        "**Why not?**\nBecause.\n\n问：退款要多久？\n答：三天。"
    )
    assert shown(text) == [
        ((), "", "Our help"),
        (("Can I cancel?",), "Can I cancel?", "Yes."),
        (("What about shoes?",), "What about shoes?", "No.\n\n**Why not?**\nBecause."),
        (("退款要多久？",), "退款要多久？", "三天。"),
    ]


def test_bold_questions_are_entries_unless_they_belong_to_an_answer() -> None:
    text = (
        "## Returns\n**How long?**\n\n30 days.\n## Can I cancel?\nYes.\n\n**Too late?**\nCall us."
    )
    assert shown(text) == [
        (("Returns", "How long?"), "How long?", "30 days."),
        (("Can I cancel?",), "Can I cancel?", "Yes.\n\n**Too late?**\nCall us."),
    ]


def test_without_headings_a_line_that_asks_is_a_question() -> None:
    text = "Help\n\nHow long?\nFive days.\nReally.\n\nIs it\nfree?\n\nNothing below?"
    assert shown(text) == [
        ((), "", "Help"),
        (("How long?",), "How long?", "Five days.\nReally.\n\nIs it\nfree?\n\nNothing below?"),
    ]


def test_a_title_that_asks_nothing_leaves_questions_on_lines_of_their_own() -> None:
    text = (
        "# FAQ\n\nHow long?\n\nFive days.\n\n2、可以开发票吗？\n答：可以。\n\n## Contact\nCall us."
    )
    assert shown(text, "FAQ") == [
        (("How long?",), "How long?", "Five days."),
        (("可以开发票吗？",), "可以开发票吗？", "可以。"),
        (("Contact",), "", "Call us."),
    ]


def test_questions_in_a_list_own_the_text_of_their_item() -> None:
    text = (
        "# FAQ\n\n1. How *long*?\n   Five days.\n\n   - Or six.\n2. **How much?** 4.90,\n"
        "   or free.\n3. **Why?**\n\nSo.\n\n## Orders\n\n- Can I cancel?\n    \n    Yes.\n    \n"
        "- Where?\nHere."
    )
    assert shown(text, "FAQ") == [
        (("How long?",), "How long?", "Five days.\n\n- Or six."),
        (("How much?",), "How much?", "4.90,\nor free.\n3. **Why?**\n\nSo."),
        (("Orders", "Can I cancel?"), "Can I cancel?", "Yes."),
        (("Orders", "Where?"), "Where?", "Here."),
    ]


def test_a_list_of_one_question_has_its_answer_below() -> None:
    text = "1. How long?\n\nFive days.\n\n1. **Why?**\n\nSo.\n\n- Nothing below?\n\n# End"
    assert shown(text) == [
        (("How long?",), "How long?", "Five days."),
        (("Why?",), "Why?", "So.\n\n- Nothing below?"),
    ]


def test_questions_and_answers_may_be_items_in_turn() -> None:
    text = "- Q: How long\n- A: Five days.\n\n* **Q:** Why?\n* **A:** So.\n\n1. Q: Who?\n   A: Me."
    assert [(question, body) for _, question, body in shown(text)] == [
        ("How long", "Five days."),
        ("Why?", "So."),
        ("Who?", "Me."),
    ]


def test_a_question_in_bold_type_has_its_answer_behind_it() -> None:
    text = (
        "# FAQ\n\n**How long?** Five days,\nor six.\n\nWell.\n\n**How much**? – 4.90\n\n"
        f"***Why?***\nSo.\n\n__Who?__: {'I. ' * 100}\n\n**Returns:** do you go? **Call us**"
    )
    assert [(question, body[:25]) for _, question, body in shown(text, "FAQ")] == [
        ("How long?", "Five days,\nor six.\n\nWell."),
        ("How much?", "4.90"),
        ("Why?", "So."),
        ("Who?", "I. I. I. I. I. I. I. I. I"),
    ]


def test_lists_that_ask_without_answers_stay_text() -> None:
    for text in (
        "Before you order, ask:\n\n- Do I need it?\n- Is it the right size?\n\nThen order.",
        "1. Unplug it.\n2. Does the light blink?\n   Then hold the button.\n3. Plug it in.",
        "## Contents\n\n- How long?\n- How much?\n  - Where?\n- Why?\n\nRead on.",
        "- [ ] **Paid?**\n- [ ] **Packed?**\n\nDone.",
        "> - Is it cold?\n>   Take a coat.",
    ):
        assert not any(question for _, question, _ in shown(text))
        assert len(shown(text)) == 1


def test_a_list_that_belongs_to_an_answer_stays_in_it() -> None:
    text = "## Which size?\nIt depends:\n\n- **Tall?** Take L.\n- Short?\n  Take S.\n\n**Both?** M."
    assert [(path, body.count("?")) for path, _, body in shown(text)] == [(("Which size?",), 3)]


def test_what_folds_open_is_an_entry() -> None:
    text = (
        "# FAQ\n\n<details>\n<summary>How <b>long</b>?</summary>\n\nFive days.\n\n</details>\n"
        "<details open><summary>\nWhy? &amp; who?</summary>\nSo.\n</details>\n\n"
        "1. **How much?** 4.90\n\n```html\n<details><summary>No?</summary>\n```"
    )
    assert shown(text, "FAQ") == [
        (("How long?",), "How long?", "Five days."),
        (("Why? & who?",), "Why? & who?", "So."),
        (("How much?",), "How much?", "4.90\n\n```html\n<details><summary>No?</summary>\n```"),
    ]


def test_marks_of_questions_and_answers_may_stand_in_brackets() -> None:
    text = (
        "# 常见问题\n\n【问】会员怎么注册\n【答】用手机号。\n\n[Question 2] Late\n[Answer]: Wait.\n"
        "\n**Q3**: Why\n**A3**: So.\n\n提问：几点开门\n回答：九点。\n\n[Q](a) is text.\n\n"
        "二、可以开发票吗？\n可以。"
    )
    assert [(question, body) for _, question, body in shown(text, "常见问题")] == [
        ("会员怎么注册", "用手机号。"),
        ("Late", "Wait."),
        ("Why", "So."),
        ("几点开门", "九点。\n\n[Q](a) is text.\n\n二、可以开发票吗？\n可以。"),
    ]
    assert shown("二、可以开发票吗？\n可以。")[0][1] == "可以开发票吗？"
