"""How near an answer is to a person's: BLEU, chrF, ROUGE, METEOR and answer F1, in both languages.

Chinese is compared character by character. METEOR runs with its exact and its stem matcher: the
synonym matcher needs a download of WordNet and is left out.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from evals.measures import BLEU_ORDER
from knowledge.language import language_of
from knowledge.types import Language
from knowledge.words import words

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "，。！？；：、（）“”‘’《》【】…—·")


def text_scores(answer: str, references: Sequence[str]) -> dict[str, float]:
    """Scores of one answer, the best over the references; BLEU as counts to be summed."""
    language = language_of(" ".join(references))
    scores = _bleu_counts(answer, references, language)
    scores["chrf"] = float(_chrf().sentence_score(answer, list(references)).score)
    for name, key in (("rouge1", "rouge_1"), ("rouge2", "rouge_2"), ("rougeL", "rouge_l")):
        found = (_rouge().score(reference, answer)[name].fmeasure for reference in references)
        scores[key] = 100 * max(found)
    scores["meteor"] = 100 * meteor(answer, references)
    scores["answer_f1"] = max(answer_f1(answer, reference) for reference in references)
    return scores


def tokens(text: str) -> list[str]:
    """Lower-case words, and Chinese character by character."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def meteor(answer: str, references: Sequence[str]) -> float:
    """METEOR (Banerjee & Lavie 2005), exact and stem matches only, in 0..1."""
    from nltk.translate.meteor_score import meteor_score

    split = [tokens(reference) for reference in references]
    return float(meteor_score(split, tokens(answer), wordnet=_NoSynonyms()))


def answer_f1(answer: str, reference: str) -> float:
    """The overlap of tokens as SQuAD counts it (Rajpurkar et al. 2016), as CMRC for Chinese."""
    got, wanted = _squad_tokens(answer), _squad_tokens(reference)
    same = sum((Counter(got) & Counter(wanted)).values())
    if not same:
        return float(got == wanted)
    return 2 * same / (len(got) + len(wanted))


def _squad_tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower().translate(_PUNCTUATION)
    return _TOKEN.findall(_ARTICLES.sub(" ", plain))


class _NoSynonyms:
    """Stands where nltk wants WordNet."""

    def synsets(self, word: str) -> list[Any]:
        return []


class _Tokenizer:
    """For rouge-score, whose own one drops every Chinese character. Stems English words."""

    def tokenize(self, text: str) -> list[str]:
        return [term for token in tokens(text) for term in words(token)]


def _bleu_counts(answer: str, references: Sequence[str], language: Language) -> dict[str, float]:
    score = _bleu(language).sentence_score(answer, list(references))
    counts: dict[str, float] = {
        "bleu_length": score.sys_len,
        "bleu_reference": score.ref_len,
    }
    for order in range(1, BLEU_ORDER + 1):
        counts[f"bleu_match_{order}"] = score.counts[order - 1]
        counts[f"bleu_total_{order}"] = score.totals[order - 1]
    return counts


@lru_cache(maxsize=2)
def _bleu(language: Language) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize="zh" if language == "zh" else "13a", effective_order=True)


@lru_cache(maxsize=1)
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


@lru_cache(maxsize=1)
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=_Tokenizer())
