"""Nearness to a person's answer, in both languages."""

from __future__ import annotations

import pytest
from rouge_score.rouge_scorer import RougeScorer

from evals.text_scores import answer_f1, meteor, text_scores


def test_the_same_answer_has_full_scores_in_both_languages() -> None:
    for text in ("Refunds take five working days.", "退款需要五个工作日。"):
        scores = text_scores(text, [text, "Something else"])
        assert scores["chrf"] == pytest.approx(100)
        assert scores["rouge_l"] == pytest.approx(100)
        assert scores["answer_f1"] == 1


def test_chinese_is_compared_character_by_character() -> None:
    scores = text_scores("退款要三天", ["退款要五天"])
    assert scores["rouge_1"] > 60  # rouge-score's own tokenizer drops Chinese: 0
    assert scores["answer_f1"] == pytest.approx(0.8)
    assert scores["bleu_match_1"] == 4


def test_rouge_is_that_of_the_library_where_it_reads_the_language() -> None:
    answer, reference = "you can pay by card", "you may pay by card or cash"
    theirs = RougeScorer(["rougeL"]).score(reference, answer)["rougeL"].fmeasure
    assert text_scores(answer, [reference])["rouge_l"] == pytest.approx(100 * theirs)


def test_meteor_of_a_case_by_hand_with_exact_and_stem_matches() -> None:
    # "refund" matches "refunds" by its stem: 3 of 3 words, one chunk, penalty 0.5 * (1/3) ** 3.
    assert meteor("refund take days", ["refunds take days"]) == pytest.approx(1 - 0.5 / 27)
    assert meteor("shop", ["store"]) == 0  # synonyms are not matched


def test_answer_f1_counts_as_squad_does() -> None:
    assert answer_f1("The Denver Broncos!", "denver broncos") == 1
    assert answer_f1("in Denver", "Denver, Colorado") == 0.5
    assert answer_f1("nothing", "Denver") == 0
