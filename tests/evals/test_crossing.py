"""Questions in one language against the documents of the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from evals.calibrate import shop_in
from knowledge.embedder import load_embedder
from knowledge.language import language_of
from knowledge.types import Language
from tests.conftest import BagEmbedder


def test_only_documents_of_one_language_are_left(tmp_path: Path) -> None:
    base = shop_in("zh", tmp_path, BagEmbedder(), several=False)
    found = base.search("return shoes 退货", k=5)
    base.close()
    assert {language_of(match.passage.text) for match in found} == {"zh"}
    assert not any(match.passage.asked for match in found)


@pytest.mark.parametrize(
    ("documents", "answerable", "beyond"),
    [
        (
            "en",
            ["退款要多久到账？", "可以用微信支付吗", "帐篷能租吗"],
            ["你们卖船吗", "股市今天涨了吗"],
        ),
        (
            "zh",
            ["How long do refunds take?", "Can I pay with WeChat?", "Can I rent a tent?"],
            ["Do you sell ships?", "Did the stock market rise today?"],
        ),
    ],
)
def test_who_writes_another_language_than_the_documents_is_answered(
    documents: Language, answerable: list[str], beyond: list[str], tmp_path: Path
) -> None:
    base = shop_in(documents, tmp_path, load_embedder("built-in"), several=True)
    language: Language = "zh" if documents == "en" else "en"
    scores = {
        question: base.search(question, k=1, language=language)[0].score
        for question in (*answerable, *beyond)
    }
    base.close()
    needed = Config().answer_score
    assert {q for q, score in scores.items() if score >= needed} == set(answerable)
