"""The Chinese tower: how it reads, and that its vectors are what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from knowledge.chinese import ChineseTower, TowerShape, load_tower, save_tower
from knowledge.chinese_text import MAX_TOKENS, ChineseTokenizer, Simplifier
from knowledge.distillation import pad
from knowledge.embedder import english_folder, read_weights
from knowledge.train_encoder import make_tokenizer
from tests.knowledge.lender import lent_weights

MODEL = Path("knowledge/models/zh")
SMALL = TowerShape(tokens=50, positions=16, width=24, layers=2, heads=2, inner=32, rank=2, bag=12)


@pytest.fixture
def tower() -> ChineseTower:
    torch.manual_seed(0)
    tower = ChineseTower(SMALL).eval()
    tower.reader.borrow(lent_weights(SMALL))
    for parameter in tower.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        for words in (tower.reader.words, tower.bag.words):
            words.weight[0] = 0.0
    return tower


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> ChineseTokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    texts = ["请问运费怎么算?", "我想退货,订单号 AB-12345", "怎么退款", "运费多少", "怎么退货"] * 5
    make_tokenizer(texts, 60).save(str(path))
    return ChineseTokenizer(path)


@pytest.mark.parametrize(
    ("one", "other"),
    [("請問運費怎麼算？", "请问运费怎么算?"), ("ＡＢＣ１２３", "abc123"), ("訂單號", "订单号")],
)
def test_traditional_wide_and_capital_letters_are_read_as_their_plain_forms(
    one: str, other: str, tokenizer: ChineseTokenizer
) -> None:
    assert Simplifier()(one) == other
    assert tokenizer.ids([one]) == tokenizer.ids([other])


def test_a_text_stands_between_the_marks_of_its_ends_even_where_it_is_blank(
    tokenizer: ChineseTokenizer,
) -> None:
    ends = [tokenizer.mark("[CLS]"), tokenizer.mark("[SEP]")]
    assert tokenizer.ids(["", "  \n"]) == [ends, ends]
    [first, *_, last] = tokenizer.ids(["怎么退款"])[0]
    assert [first, last] == ends


def test_long_text_is_cut(tokenizer: ChineseTokenizer) -> None:
    assert len(tokenizer.ids(["运费" * 1000])[0]) == MAX_TOKENS


def test_digits_and_the_letters_of_a_product_code_stay_legible(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    written = make_tokenizer(["订单 ab-12345", "订单 cd-678", "iphone 90"] * 5, 60)
    written.save(str(path))
    tokens = written.encode("订单 cd-12").tokens
    assert tokens[-4:-1] == ["-", "1", "2"]
    assert "".join(tokens[1:-1]) == "订单cd-12"


def test_a_word_knows_its_characters(tokenizer: ChineseTokenizer) -> None:
    characters = tokenizer.characters()
    assert len(characters) == tokenizer.size
    _, number, _ = tokenizer.ids(["运费"])[0]
    assert characters[number] == [row[1] for row in tokenizer.ids(["运", "费"])]


def test_vectors_have_length_one_and_do_not_change_with_their_company(tower: ChineseTower) -> None:
    texts = [[3], [4, 5, 6], [7, 8, 9, 10, 11, 12]]
    together = tower(pad(texts))
    assert torch.allclose(together.norm(dim=1), torch.ones(3))
    for row, text in zip(together, texts, strict=True):
        assert torch.allclose(row, tower(pad([text]))[0], atol=1e-6)


def test_the_order_of_words_matters(tower: ChineseTower) -> None:
    one, other = pad([[3, 4, 5]]), pad([[5, 4, 3]])
    assert not torch.allclose(tower(one), tower(other), atol=1e-3)


def test_what_is_borrowed_is_not_saved(tower: ChineseTower) -> None:
    assert not [name for name in tower.state_dict() if name.endswith("qkv.weight")]
    assert "reader.layers.1.qkv.down" in tower.state_dict()


def test_a_saved_tower_comes_back(tower: ChineseTower, tmp_path: Path) -> None:
    save_tower(tower, tmp_path)
    ids = pad([[3, 4], [5, 6, 7]])
    assert torch.allclose(load_tower(tmp_path, lent_weights(SMALL))(ids), tower(ids), atol=2e-3)


def test_the_shipped_tower_is_small_and_folds_traditional_characters() -> None:
    assert sum(file.stat().st_size for file in MODEL.iterdir()) <= 24 * 2**20
    english = {k: torch.from_numpy(v) for k, v in read_weights(english_folder()).items()}
    tokenizer, tower = ChineseTokenizer(MODEL / "tokenizer.json"), load_tower(MODEL, english)
    texts = ["请问运费怎么算？", "請問運費怎麼算？", "今天天气很好"]
    one, same, other = tower(pad(tokenizer.ids(texts)))
    assert one.shape == (384,)
    assert torch.allclose(one, same, atol=1e-6)
    assert one @ other < 0.5
