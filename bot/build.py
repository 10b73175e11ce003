"""The only place that picks concrete classes from the Config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.errors import BotError, ConfigError
from bot.intents import KernelIntentClassifier, examples_key, fit
from bot.line import Line
from bot.log import ConversationLog
from bot.manager import DialogManager
from bot.suggestions import Suggestions
from bot.types import Generator, LocalGenerator, Parts
from knowledge.embedder import load_embedder
from knowledge.pack import read_intents
from knowledge.search import KnowledgeBase
from knowledge.types import Embedder, IntentExample, Progress

# The intents that every desk needs, whatever the company sells.
DESK_INTENTS = Path(__file__).parent / "desk_intents"
BACKGROUND_INTENTS = Path(__file__).parent / "background_intents"


@dataclass(frozen=True)
class Frontdesk:
    """Everything that a server or a command line holds on to."""

    config: Config
    log: ConversationLog
    knowledge: KnowledgeBase
    manager: DialogManager
    suggestions: Suggestions

    def close(self) -> None:
        """Ends what is being written."""
        if isinstance(self.manager.generator, LocalGenerator):
            self.manager.generator.close()
        self.log.close()
        self.knowledge.close()


def build(config: Config, *, progress: Progress = lambda *_: None) -> Frontdesk:
    """`progress` is told of the intents, where they have to be fitted again.

    Raises KnowledgeMissing, and the errors of what the Config names.
    """
    embedder = load_embedder(config.embedder)
    knowledge = KnowledgeBase(config.home, embedder, chroma_url=config.chroma_url)
    quote = build_quote()
    generator = build_generator(config) or quote
    parts = Parts(
        embedder=embedder,
        intents=intent_classifier(config.home, knowledge, embedder, progress=progress),
        knowledge=knowledge,
        generator=generator,
        quote=quote,
    )
    log = ConversationLog(config.home / "conversations.db")
    line = _line(config, generator)
    return Frontdesk(
        config,
        log,
        knowledge,
        DialogManager(log, parts, config, line),
        Suggestions(log, parts, config, line),
    )


def _line(config: Config, generator: Generator) -> Line:
    """As many at once as the generator can write, where it says so."""
    at_once = config.answers_at_once
    if isinstance(generator, LocalGenerator):
        at_once = generator.at_once
    return Line(at_once=at_once, length=config.line_length)


def build_quote() -> Generator:
    from bot.generators.quote import QuoteGenerator

    return QuoteGenerator()


def build_generator(config: Config) -> Generator | None:
    """None where the passages are quoted."""
    if config.generator == "quote":
        return None
    if config.generator == "writer":
        from bot.generators.writer.generator import WEIGHTS, Thresholds, WriterGenerator

        thresholds = Thresholds(
            sure=config.writer_sure, clear=config.writer_clear, here=config.writer_here
        )
        return WriterGenerator(
            Path(config.model) if config.model else WEIGHTS,
            thresholds=thresholds,
            at_once=config.answers_at_once,
        )
    if not config.model:
        raise ConfigError(
            f'generator = "{config.generator}" needs a model. Set model in frontdesk.toml '
            "or FRONTDESK_MODEL; the README lists good ones."
        )
    if config.generator == "transformers":
        return _transformers(config)
    from bot.generators.chat_model import ChatModelGenerator

    return ChatModelGenerator(
        config.model,
        base_url=config.model_url,
        api_key=config.model_api_key.get_secret_value(),
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        timeout_seconds=config.first_word_timeout_seconds,
    )


def _transformers(config: Config) -> Generator:
    """In a process beside this one; of those that torchrun starts, each is one beside the first."""
    from bot.generators.checkpoint import process_rank

    options: dict[str, Any] = {
        "temperature": config.temperature,
        "seed": config.seed,
        "max_new_tokens": config.max_new_tokens,
        "at_once": config.answers_at_once,
        "quantization": config.quantization,
    }
    if process_rank()[1] > 1:
        from bot.generators.transformers import TransformersGenerator

        return TransformersGenerator(config.model, **options)
    from bot.generators.model_process import ModelProcess

    return ModelProcess(config.model, **options)


def intent_examples(knowledge: KnowledgeBase) -> list[IntentExample]:
    """Those of the packs; a pack that has a desk intent of its own replaces the built-in one.

    A company without intents of its own has nothing that its questions could be told by from
    greetings and complaints. What other companies are asked then stands for them: of questions in
    their customers' own words to the eight companies of evals/data/companies/dev 1 % are taken for
    a desk's intent, 23 % without it, and of the desk's intents, held out, 89 % are still seen in
    place of 90. Beside the demo shop's intents it would take a quarter of their questions.
    """
    own = knowledge.pack.examples
    names = {example.intent for example in own}
    every_desk = read_intents(DESK_INTENTS)
    others = () if names - {e.intent for e in every_desk} else read_intents(BACKGROUND_INTENTS)
    return [*own, *(e for e in every_desk if e.intent not in names), *others]


def intent_classifier(
    home: Path,
    knowledge: KnowledgeBase,
    embedder: Embedder,
    *,
    progress: Progress = lambda *_: None,
) -> KernelIntentClassifier:
    """The saved classifier, or a new one where the examples or the encoder have changed."""
    examples = intent_examples(knowledge)
    folder = home / "models"
    try:
        saved = KernelIntentClassifier.load(folder)
    except BotError:
        saved = None
    if saved and saved.key == examples_key(examples, embedder.name):
        return saved
    fitted = fit(examples, embedder, progress=progress)
    fitted.save(folder)
    return fitted
