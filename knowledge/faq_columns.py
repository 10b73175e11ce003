"""Finds the columns of questions and answers by their names, one pair for each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Earlier names win where a table has several.
_QUESTIONS = (
    "question", "questions", "q", "query", "faq question",
    "问题", "問題", "标准问题", "标准问", "标准问法", "提问", "提問", "问", "問",
)  # fmt: skip
_ANSWERS = (
    "answer", "answers", "a", "response", "reply", "faq answer",
    "答案", "标准答案", "回答", "回复", "回覆", "答复", "答",
)  # fmt: skip
_VARIANTS = (
    "asked", "variants", "similar questions", "alternative questions", "alternatives", "aliases",
    "相似问", "相似问题", "相似问法", "相似問", "其他问法", "扩展问", "扩展问题",
)  # fmt: skip
# Names that other tables have, too: they stand for a question or an answer where no other does.
_TITLES = (*_QUESTIONS, "title", "heading", "标题", "標題")
_TEXTS = (*_ANSWERS, "content", "text", "body", "内容", "內容")

_LANGUAGES = {
    "en": "en", "eng": "en", "english": "en", "us": "en", "gb": "en", "英文": "en", "英语": "en",
    "zh": "zh", "cn": "zh", "hans": "zh", "chinese": "zh", "中文": "zh", "简体": "zh",
    "tw": "tw", "hk": "tw", "hant": "tw", "繁體": "tw", "繁体": "tw",
    "de": "de", "german": "de", "deutsch": "de", "fr": "fr", "french": "fr", "es": "es",
    "spanish": "es", "it": "it", "italian": "it", "pt": "pt", "nl": "nl", "dutch": "nl",
    "nb": "nb", "norwegian": "nb", "sv": "sv", "swedish": "sv", "da": "da", "danish": "da",
    "fi": "fi", "finnish": "fi", "pl": "pl", "polish": "pl", "ru": "ru", "russian": "ru",
    "ja": "ja", "japanese": "ja", "ko": "ko", "korean": "ko",
}  # fmt: skip
_REMARK = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]?")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_CHINESE_LANGUAGE = re.compile(r"(?<=.)(中文|英文|英语|简体|繁體|繁体)$|^(中文|英文|英语)(?=.)")


@dataclass(frozen=True)
class Pair:
    """The numbers of the columns that belong together."""

    question: int
    answer: int
    variants: int | None = None


@dataclass(frozen=True)
class _Column:
    name: str
    language: str
    number: int


def find_pairs(names: Sequence[str], *, strictly: bool = False) -> tuple[Pair, ...]:
    """The pairs of columns in their order; none where a question or an answer is missing.

    `strictly` leaves out names such as "title" and "text".
    """
    columns = [_column(name, number) for number, name in enumerate(names)]
    pairs = _paired(columns, _QUESTIONS, _ANSWERS)
    if not pairs and not strictly:
        pairs = _paired(columns, _TITLES, _TEXTS)
    return tuple(sorted(pairs, key=lambda pair: pair.question))


def is_field(name: str) -> bool:
    """Whether it names a question, an answer, or other ways to ask."""
    return _column(name, 0).name in {*_TITLES, *_TEXTS, *_VARIANTS}


def plain_name(column: str) -> str:
    """A column's name as the lists above write it: "FAQ_Question *" is "faq question"."""
    return re.sub(r"[\W_]+", " ", column).strip().lower()


def _paired(
    columns: Sequence[_Column], questions: Sequence[str], texts: Sequence[str]
) -> list[Pair]:
    groups = [
        [column for column in columns if column.language == language]
        for language in dict.fromkeys(column.language for column in columns)
    ]
    pairs = [pair for group in groups if (pair := _pair(group, questions, texts, group))]
    if len(pairs) < 2:
        # A single pair may mix languages: 问题 | Answer.
        chosen = next((g for g in groups if _pair(g, questions, texts, g)), columns)
        whole = _pair(chosen, questions, texts, columns)
        return [whole] if whole else []
    return pairs


def _pair(
    columns: Sequence[_Column],
    questions: Sequence[str],
    texts: Sequence[str],
    with_variants: Sequence[_Column],
) -> Pair | None:
    question, answer = _find(columns, questions), _find(columns, texts)
    if question is None or answer is None:
        return None
    return Pair(question, answer, _find(with_variants, _VARIANTS))


def _find(columns: Iterable[_Column], wanted: Sequence[str]) -> int | None:
    """The number of the column whose name stands earliest in `wanted`."""
    found = {column.name: column.number for column in reversed(list(columns))}
    return next((found[name] for name in wanted if name in found), None)


def _column(name: str, number: int) -> _Column:
    """The name without remark, language or "text": "Question Text (EN) *" is "question", "en"."""
    remarks = " ".join(_REMARK.findall(name))
    bare = _CHINESE_LANGUAGE.sub(r" \1\2 ", _REMARK.sub(" ", name).strip())
    words = plain_name(bare).split()
    languages = [_LANGUAGES[word] for word in plain_name(remarks).split() if word in _LANGUAGES]
    while len(words) > 1 and (words[-1] in _LANGUAGES or words[-1] == "text"):
        languages.insert(0, _LANGUAGES.get(words.pop(), ""))
    if len(words) > 1 and words[0] in _LANGUAGES:
        languages.append(_LANGUAGES[words.pop(0)])
    named = [language for language in languages if language]
    script = "zh" if _CHINESE.search("".join(words)) else ""
    return _Column(" ".join(words), named[-1] if named else script, number)
