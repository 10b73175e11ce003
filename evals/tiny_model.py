"""A chat model with random weights in a folder, as the Hugging Face library saves one: for load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.generators.bench import Shape, random_model

_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)
_END = "<|im_end|>"
# Answers end at max_new_tokens; a full stop now and then makes sentences of them.
_WORDS = (
    "a able after all also and any are back before box by can card cost day days each find five "
    "free from full get give good have here home hour item know last late long mail make more need "
    "new next now off one only open order our out over paid part pay place price refund return "
    "same send shoe shop size some stock store take tell that then they this time today two use . ."
)
_CONTEXT_TOKENS = 2048
_SEED = 7


def write_tiny_model(folder: Path, shape: Shape, texts: Sequence[str]) -> None:
    """It reads `texts` in few tokens, writes only words of ours, and never says that it is done."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary,
        special_tokens=["<|im_start|>", _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words = "".join(f" {word}" for word in _WORDS.split())
    tokenizer.train_from_iterator([*texts, *[words] * 50], trainer)
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=_END,
        pad_token=_END,
        model_max_length=_CONTEXT_TOKENS,
        chat_template=_TEMPLATE,
    )
    fast.save_pretrained(folder)
    model = random_model(shape, "cpu", _SEED)
    ours = [
        id for token, id in fast.get_vocab().items() if token.removeprefix("Ġ") in _WORDS.split()
    ]
    with torch.no_grad():
        # Tied to the embeddings: words that are not ours get none, and are never the best.
        silent = torch.ones(model.config.vocab_size, dtype=torch.bool)
        silent[ours] = False
        head = model.lm_head.weight.clone()
        head[silent] = 0
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(head * 50)
    model.generation_config.eos_token_id = fast.eos_token_id
    model.save_pretrained(folder)
