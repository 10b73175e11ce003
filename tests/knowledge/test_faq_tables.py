"""Questions and answers are found in tables and JSON of many shapes; what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowledge.errors import UnreadableFile
from knowledge.faq_tables import read_csv, read_json, read_jsonl
from knowledge.types import Entry

PATH = Path("faq.csv")
REFUND = Entry("How long?", "5 days")


@pytest.mark.parametrize(
    "text",
    [
        "question,answer\nHow long?,5 days\n",
        "sep=;\nID;Question ;Antwort;ANSWER*\n1;How long?;;5 days\n",
        "Q\tA\r\nHow long?\t5 days\r\n",
        "标准问题|分类|答案\nHow long?||5 days\n",
        "FAQ of our shop\n\nFAQ_Question,Reply\nHow long?,5 days,,\n",
        'title,content,question,answer\nx,y,"How long?","5 days"\n,,,\n',
        "问题,回答\nHow long?,5 days",
    ],
)
def test_a_csv_is_read_whatever_its_delimiter_and_the_language_of_its_columns(text: str) -> None:
    assert read_csv(text, PATH) == (REFUND,)


def test_a_csv_keeps_commas_and_lines_inside_quotes() -> None:
    assert read_csv('q,a\n"Fast, or not?","Yes,\nvery"\n', PATH) == (
        Entry("Fast, or not?", "Yes,\nvery"),
    )


def test_a_csv_without_the_columns_is_refused_with_those_found_and_those_wanted() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_csv("name;price\nTent;99\n", PATH)
    assert "has the columns name, price" in str(refused.value)
    assert "question, q, 问题" in str(refused.value)


def test_a_row_that_quotes_are_missing_from_is_refused_instead_of_cut() -> None:
    with pytest.raises(UnreadableFile, match="row 3, has 3 cells under 2 column names"):
        read_csv("question,answer\nA?,b\nHow?,Yes, always\n", PATH)


def test_a_cell_beyond_all_measure_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="line 2, is no valid CSV"):
        read_csv("question,answer\nq?," + "a" * 200_000, PATH)


def test_other_ways_to_ask_come_from_their_own_column() -> None:
    text = "问题,相似问,答案\n怎么退款？,退钱|怎么退|,七天内退\n"
    assert read_csv(text, PATH) == (Entry("怎么退款？", "七天内退", ("退钱", "怎么退")),)


@pytest.mark.parametrize(
    "header",
    [
        "Question EN,Answer EN,问题,答案",
        "question,answer,question_zh,answer_zh",
        "Question (EN),Answer (EN),Question (ZH),Answer (ZH)",
        "Question Text,Answer Text,问题（必填）,答案（必填）",
        "英文问题,英文答案,中文问题,中文答案",
        "Question *,Response,问题,答案",
    ],
)
def test_a_table_in_two_languages_gives_the_entries_of_both(header: str) -> None:
    assert read_csv(f"{header}\nHow long?,5 days,多久？,五天\n", PATH) == (
        REFUND,
        Entry("多久？", "五天"),
    )


def test_a_single_pair_may_be_named_in_two_languages() -> None:
    assert read_csv("问题,Answer (EN),variants\nHow long?,5 days,When?\n", PATH) == (
        Entry("How long?", "5 days", ("When?",)),
    )


def test_titles_and_texts_are_no_second_pair() -> None:
    assert read_csv("标题,内容,question,answer\nx,y,How long?,5 days\n", PATH) == (REFUND,)


def test_html_in_an_answer_becomes_markdown() -> None:
    text = 'q,a\nHow?,"<p>Go to <a href=""https://x.example"">returns</a>.</p>"\nA < b?,1 < 2\n'
    assert [entry.answer for entry in read_csv(text, PATH)] == [
        "Go to [returns](https://x.example).",
        "1 < 2",
    ]


def test_a_row_without_an_answer_has_an_empty_one() -> None:
    assert read_csv("q,a\nHow long?,5 days\nWhen?, \nFree?,<br>\n", PATH) == (
        REFUND,
        Entry("When?", ""),
        Entry("Free?", ""),
    )


def test_a_list_of_questions_without_any_answer_stands_for_itself() -> None:
    assert read_csv("question,answer\nHow?,\n", PATH) == (Entry("How?", "How?"),)


def test_a_table_without_a_question_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no row with a question"):
        read_csv("question,answer\n,yes\n", PATH)


@pytest.mark.parametrize(
    "content",
    [
        [{"question": "How long?", "answer": "5 days"}],
        {"faq": [{"Q": "How long?", "A": "5 days", "id": 3}], "version": "1"},
        {"How long?": "5 days"},
        {"title": "Our FAQ", "faq": {"How long?": "5 days"}},
        {"categories": [{"name": "Refunds", "items": [{"q": ["How long?"], "a": "5 days"}]}]},
        {"问答": [{"问题": "How long?", "答案": "5 days"}, {"问题": None, "答案": None}]},
        {"title": "FAQ", "text": [{"question": "How long?", "answer": "5 days"}]},
        {
            "title": "FAQ",
            "content": "5 days",
            "question": "How long?",
            "answer": {"text": "5 days"},
        },
        {"title": "How long?", "questions": [{"id": 3}], "content": "5 days"},
        {"mainEntity": [{"name": "How long?", "acceptedAnswer": {"text": "5 days"}}]},
        [{"question": "How long?", "answers": [{"text": "5 days", "votes": 3}]}],
    ],
)
def test_json_is_read_in_every_usual_shape(content: object) -> None:
    assert read_json(json.dumps(content), PATH) == (REFUND,)


def test_several_questions_of_one_answer_are_ways_to_ask_it() -> None:
    content = [{"questions": ["How long?", "When?"], "answers": ["5 days", "or 6"], "asked": ["x"]}]
    assert read_json(json.dumps(content), PATH) == (
        Entry("How long?", "5 days\n\nor 6", ("When?", "x")),
    )


def test_json_in_several_languages_gives_an_entry_for_each() -> None:
    content = [{"question": {"en": "Free?", "zh": "免费吗？"}, "answer": {"en": True, "zh": "是"}}]
    assert read_json(json.dumps(content), PATH) == (
        Entry("Free?", "true"),
        Entry("免费吗？", "是"),
    )


def test_an_answer_that_is_nested_too_deep_is_refused_by_its_question() -> None:
    content = [{"q": "How?", "a": "So."}, {"q": "How long?", "a": {"blocks": [{"text": "5"}]}}]
    with pytest.raises(UnreadableFile, match=r"cannot be read, to the question 'How long\?'"):
        read_json(json.dumps(content), PATH)


def test_json_without_questions_is_refused_with_its_keys() -> None:
    with pytest.raises(UnreadableFile, match="has the keys id, name, but no entry") as refused:
        read_json('[{"id": 1, "name": "x"}]', PATH)
    assert "row" not in str(refused.value)


def test_an_object_around_others_loses_none_of_them() -> None:
    content = {"title": "Shop", "text": "Hello", "more": [{"q": "How long?", "a": "5 days"}]}
    assert read_json(json.dumps(content), PATH) == (Entry("Shop", "Hello"), REFUND)


@pytest.mark.parametrize(
    "text", ["", "5", "null", "[]", '[{"id": 1}]', "[" * 100_000, "[" * 900 + "]" * 900, "{bad"]
)
def test_json_without_questions_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^faq\.json "):
        read_json(text, Path("faq.json"))


def test_json_lines_are_read_one_by_one() -> None:
    line = json.dumps({"question": "How long?", "answer": "5 days"})
    assert read_jsonl(f"{line}\r\n\n{line}", PATH) == (REFUND, REFUND)


def test_a_broken_json_line_is_named() -> None:
    with pytest.raises(UnreadableFile, match="line 2, is no valid JSON"):
        read_jsonl('{"q": "a?", "a": "b"}\n{bad', PATH)
