"""Questions in one language against the documents of the other."""

from __future__ import annotations

from pathlib import Path

from evals.calibrate import shop_in
from knowledge.language import language_of
from tests.conftest import BagEmbedder


def test_only_documents_of_one_language_are_left(tmp_path: Path) -> None:
    base = shop_in("zh", tmp_path, BagEmbedder(), several=False)
    found = base.search("return shoes 退货", k=5)
    base.close()
    assert {language_of(match.passage.text) for match in found} == {"zh"}
    assert not any(match.passage.asked for match in found)
