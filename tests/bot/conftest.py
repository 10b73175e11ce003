"""What is dear to make, once for all tests: a log of many conversations, and a tiny chat model with
random weights, in a folder as the Hugging Face library saves one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.database import ConversationDatabase
from evals.many_conversations import write_conversations

# The same examples in every run, and no clock: the machine may be busy.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)
CONTEXT_TOKENS = 1024
WORDS = """
    a able after all also and any are back been before box by can card cost day days each find five
    free from full get give good have here home hour item know last late long mail make more need
    new next not now off one only open order our out over paid part pay place price refund return
    same send shoe shop size some stock store take tell that then they this time today two use
    want week when with work year you
"""


MANY = 250


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConversationDatabase]:
    """The log of MANY conversations of 60 days, to be read only."""
    home = tmp_path_factory.mktemp("many")
    write_conversations(home, MANY, days=60, seed=5)
    database = ConversationDatabase(home / "conversations.db")
    yield database
    database.close()


@pytest.fixture
def connection(many: ConversationDatabase) -> Iterator[sqlite3.Connection]:
    with many.reading() as opened:
        yield opened


@pytest.fixture(scope="session")
def tiny_chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reads any text and writes words of WORDS without end: only these have weights in its head."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-chat-model")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["".join(f" {word}" for word in WORDS.split())] * 4, trainer)
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        model_max_length=CONTEXT_TOKENS,
        chat_template=CHAT_TEMPLATE,
    )
    fast.save_pretrained(folder)
    torch.manual_seed(7)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT_TOKENS,
            bos_token_id=None,
            eos_token_id=fast.eos_token_id,
            pad_token_id=fast.pad_token_id,
        )
    )
    silent = [i for word, i in fast.get_vocab().items() if word[1:] not in WORDS.split()]
    with torch.no_grad():
        model.lm_head.weight *= 50
        model.lm_head.weight[silent] = 0
    model.save_pretrained(folder)
    return folder
