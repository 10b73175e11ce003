"""The training of the Chinese tower, on a handful of sentences and a teacher that hashes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor

from knowledge.alignment import align
from knowledge.chinese import TowerShape, load_tower
from knowledge.contrast import Weights
from knowledge.distillation import Recipe
from knowledge.errors import KnowledgeError, PackError
from knowledge.language import has_chinese
from knowledge.parallel import POOL, Pair, balance, hold_out, join, read_pairs, read_twins
from knowledge.phrasebook import PHRASEBOOK, read_phrasebook
from knowledge.train_encoder import Corpus, EnglishTeacher, read_corpus, train
from knowledge.translation_check import check_translations
from knowledge.types import Reading, Vectors
from tests.knowledge.lender import lent_tokenizer, lent_weights

WORDS = {"order": "订单", "refund": "退款", "coupon": "优惠券", "parcel": "包裹", "shoe": "鞋子"}
VERBS = {"cancel": "取消", "find": "查找", "change": "修改", "send": "寄出", "pay": "支付"}
RECIPE = Recipe(
    shape=TowerShape(
        tokens=80, positions=16, width=32, layers=1, heads=2, inner=32, rank=2, bag=16
    ),
    weights=Weights(others=8, remembered=8),
    batch=8,
    epochs=5,
    bag_epochs=2,
    word_rate=0.1,
)


class HashingTeacher:
    """Equal words make near vectors."""

    name = "hashing"
    dimensions = 32

    def embed(self, texts: Sequence[str]) -> Vectors:
        sums = [sum(self._word(word) for word in text.split()) for text in texts]
        vectors = np.array(sums, dtype=np.float32)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def read(self, texts: Sequence[str]) -> list[Reading]:
        return [
            Reading(vector, vector[None], np.zeros(1, np.int32)) for vector in self.embed(texts)
        ]

    @property
    def weights(self) -> dict[str, Tensor]:
        return lent_weights(RECIPE.shape)

    @property
    def tokenizer(self) -> Tokenizer:
        return lent_tokenizer(["the", *WORDS, *VERBS])

    def _word(self, word: str) -> Vectors:
        seed = int.from_bytes(word.encode()[:8], "little")
        return np.random.default_rng(seed).standard_normal(32, dtype=np.float32)


class Killed(Exception):
    pass


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "parallel"
    folder.mkdir()
    rows = [
        {"en": f"{verb} the {noun}", "zh": f"{do}{thing}", "source": "shop"}
        for verb, do in VERBS.items()
        for noun, thing in WORDS.items()
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "shop_support.jsonl").write_text(lines, encoding="utf-8")
    return folder


def run(corpus: Corpus, out: Path, *, kill_at: tuple[str, int] = ("", -1)) -> None:
    def progress(what: str, done: int, of: int) -> None:
        if (what, done) == kill_at:
            raise Killed

    train(corpus, out, recipe=RECIPE, teacher=HashingTeacher(), progress=progress)


def test_training_learns_to_find_translations_and_writes_the_model(
    data: Path, tmp_path: Path
) -> None:
    corpus = read_corpus(data)
    run(corpus, tmp_path / "zh")
    assert load_tower(tmp_path / "zh", lent_weights(RECIPE.shape)).shape.width == 32
    rows = (tmp_path / "zh/training/reader/log.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [json.loads(row)["loss"] for row in rows]
    assert len(losses) == 5
    assert losses[-1] < losses[0]
    assert (tmp_path / "zh/training/reader/curve.png").exists()


@pytest.mark.parametrize("kill_at", [("training the bag", 4), ("training the reader", 13)])
def test_a_killed_training_goes_on_to_the_same_weights(
    kill_at: tuple[str, int], data: Path, tmp_path: Path
) -> None:
    corpus = read_corpus(data)
    run(corpus, tmp_path / "whole")
    # The trainer of the tokenizers library breaks ties by chance; the rest is exact.
    (tmp_path / "killed").mkdir()
    copy(tmp_path / "whole/tokenizer.json", tmp_path / "killed")
    with pytest.raises(Killed):
        run(corpus, tmp_path / "killed", kill_at=kill_at)
    run(corpus, tmp_path / "killed")
    whole, resumed = (
        load_tower(tmp_path / name, lent_weights(RECIPE.shape)).state_dict()
        for name in ("whole", "killed")
    )
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_the_english_teacher_reads_a_text_as_long_as_it_is() -> None:
    tokenizer = EnglishTeacher().tokenizer
    lengths = [len(encoding) for encoding in tokenizer.encode_batch(["order", "order " * 300])]
    assert lengths == [3, 302]


def test_a_word_is_linked_to_the_word_that_always_comes_with_it() -> None:
    # 1 is in every sentence, as 9 is; 5 goes with 2, 6 with 3, and 4 was never seen.
    pairs = [([5, 9], [2, 1]), ([6, 9], [3, 1]), ([5, 6, 9], [2, 3, 1])] * 3
    found = align(pairs, chinese=10, english=5, null=0)
    assert found.shares.toarray().argmax(axis=1)[[5, 6, 9]].tolist() == [2, 3, 1]
    assert found.shares.toarray()[5, 2] > 0.8
    assert found.counts[4] == 0.0
    assert found.shares.toarray()[4].sum() == 0.0


def test_held_out_pairs_share_no_text_with_the_training_and_are_the_same_every_time() -> None:
    pairs = [Pair(f"en {n % 300}", f"zh {n % 290}", "everyday", f"s{n % 2}") for n in range(2000)]
    training, held = hold_out(pairs)
    assert held
    assert not {pair.english for pair in held} & {pair.english for pair in training}
    assert not {pair.chinese for pair in held} & {pair.chinese for pair in training}
    assert hold_out(pairs[::-1])[1] == held


def test_no_kind_of_text_drowns_the_others() -> None:
    docs = [Pair(f"d{n}", f"文{n}", "help_docs", "docs") for n in range(50)]
    shop = [Pair(f"s{n}", f"店{n}", "shop_support", "shop") for n in range(5)]
    kinds = [pair.kind for pair in balance(docs + shop, cap=10)]
    assert (kinds.count("help_docs"), kinds.count("shop_support")) == (10, 5)


def test_the_small_sources_of_a_kind_are_whole() -> None:
    pairs = [Pair(f"e{n}", f"z{n}", "apps", "small" if n < 4 else "large") for n in range(40)]
    sources = [pair.source for pair in balance(pairs, cap=10)]
    assert (sources.count("small"), sources.count("large")) == (4, 6)


def write_phrasebook(folder: Path, **files: str) -> None:
    (folder / "sentences").mkdir(parents=True)
    for name in ("sentences/general", "things", "about_things", "actions", "about_actions"):
        text = files.get(Path(name).name, "")
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")


def test_each_filling_of_the_phrasebook_meets_each_frame_once_and_forms_take_turns(
    tmp_path: Path,
) -> None:
    write_phrasebook(
        tmp_path,
        general="hello\t你好\t您好\n",
        things="order\t订单\t单子\nparcel\t包裹\n",
        about_things="where is my {}\t{}在哪\t我的{}呢\n",
        actions="pay\t付款\n",
        about_actions="can I {}\t能{}吗\n",
    )
    pairs = read_phrasebook(tmp_path)
    assert {(p.english, p.chinese) for p in pairs if p.source == "phrasebook"} == {
        ("hello", "你好"),
        ("hello", "您好"),
        ("order", "订单"),
        ("order", "单子"),
        ("parcel", "包裹"),
        ("pay", "付款"),
    }
    assert {(p.english, p.chinese) for p in pairs if p.source == "phrasebook-filled"} == {
        ("where is my order", "订单在哪"),
        ("where is my parcel", "我的包裹呢"),
        ("can I pay", "能付款吗"),
    }


def test_every_row_of_the_phrasebook_is_english_and_chinese() -> None:
    pairs = read_phrasebook(PHRASEBOOK)
    assert len(pairs) > 20_000
    assert all(has_chinese(pair.chinese) and not has_chinese(pair.english) for pair in pairs)


def test_nothing_of_the_phrasebook_that_is_held_out_is_trained_on(
    data: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    held = read_corpus(data).held
    write_phrasebook(book, general=f"{held[0].english}\t别的\nnew\t新的\n")
    own = [pair for pair in read_corpus(data, phrasebook=book).training if pair.kind == "service"]
    assert [pair.english for pair in own] == ["new"]


def test_passages_join_neighbours_of_one_source() -> None:
    pairs = [Pair(f"e{n}", f"中{n}", "apps", "ab"[n // 4]) for n in range(8)]
    joined = {(pair.english, pair.chinese) for pair in join(pairs, count=9)}
    assert joined == {("e0 e1 e2", "中0中1中2"), ("e4 e5 e6", "中4中5中6")}


def test_translations_are_searched_for_in_a_pool_of_one_size() -> None:
    pairs = [Pair(f"e{n}", f"z{n}", "apps", "small" if n < 9 else "large") for n in range(POOL)]
    vectors = np.random.default_rng(0).standard_normal((POOL, 64)).astype(np.float32)
    worse = vectors.copy()
    worse[0] = vectors[POOL - 1]
    large, small = check_translations(pairs, worse, vectors, by=lambda pair: pair.source)
    assert (large.pairs, large.english_from_chinese) == (POOL - 9, 1.0)
    assert small.pairs == 9
    assert small.english_from_chinese == pytest.approx(8 / 9)


def test_a_folder_without_parallel_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="frontdesk train encoder"):
        read_pairs(tmp_path)


def test_a_broken_row_is_named_with_its_line(data: Path) -> None:
    with (data / "shop_support.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"en": "no Chinese"}')
    with pytest.raises(KnowledgeError, match=r"shop_support\.jsonl:26"):
        read_pairs(data)


def test_twins_are_the_questions_and_the_entries_of_a_pack(tmp_path: Path) -> None:
    write_faq(tmp_path, english="# T\n\n## Q?\nA.\n", chinese="# 题\n\n## 问？\n答。\n")
    twins = [(pair.english, pair.chinese) for pair in read_twins(tmp_path)]
    assert twins == [("Q?\nA.", "问？\n答。"), ("Q?", "问？")]


def test_an_entry_without_its_twin_is_an_error(tmp_path: Path) -> None:
    write_faq(tmp_path, english="## Q?\nA.\n\n## More?\nB.\n", chinese="## 问？\n答。\n")
    with pytest.raises(PackError, match="different numbers"):
        read_twins(tmp_path)


def write_faq(pack: Path, *, english: str, chinese: str) -> None:
    for language, text in (("en", english), ("zh", chinese)):
        (pack / "faq" / language).mkdir(parents=True)
        (pack / "faq" / language / "a.md").write_text(text, encoding="utf-8")
