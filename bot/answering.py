"""An answer is written, checked sentence by sentence, and quoted where that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Generator as Generating
from dataclasses import dataclass, replace

from bot.config import Config
from bot.copies import copies
from bot.errors import GeneratorError
from bot.generators.timed import in_a_thread, timed
from bot.grounding import Grounding
from bot.phrases import say
from bot.sentences import sentences
from bot.types import Generator, LocalGenerator, Prompt, Span


@dataclass(frozen=True)
class AnswerDraft:
    """What became of an answer. `cited` holds passage ids; `dropped` what no passage supports.

    `unknown`: the generator has read the passages and says that they do not hold the answer.
    `spans` say which words of the text were copied, and from where.
    """

    text: str
    cited: frozenset[str] = frozenset()
    dropped: tuple[str, ...] = ()
    generator: str = ""
    model: str = ""
    error: str = ""
    unknown: bool = False
    spans: tuple[Span, ...] = ()

    def then(self, between: str, other: AnswerDraft) -> AnswerDraft:
        """Both, as one answer: `other` behind what stands between them."""
        start = len(self.text) + len(between)
        moved = tuple(
            replace(span, start=span.start + start, end=span.end + start) for span in other.spans
        )
        return AnswerDraft(
            text=self.text + between + other.text,
            cited=self.cited | other.cited,
            dropped=self.dropped + other.dropped,
            generator=other.generator or self.generator,
            model=other.model or self.model,
            error=self.error or other.error,
            unknown=self.unknown or other.unknown,
            spans=self.spans + moved,
        )


_Steps = Generating[str, None, AnswerDraft]


class Writing:
    """Yields text that may be shown at once; `draft` is the whole, once that has ended. Closing it
    ends the work.
    """

    draft: AnswerDraft

    def __init__(self, steps: _Steps) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[str]:
        self.draft = yield from self._steps

    def close(self) -> None:
        self._steps.close()

    def finished(self) -> AnswerDraft:
        """Writes on to the end."""
        for _ in self:
            pass
        return self.draft


def write_answer(
    prompt: Prompt,
    generator: Generator,
    quote: Generator,
    config: Config,
    *,
    check: Callable[[], None] = lambda: None,
) -> Writing:
    """`generator`'s supported sentences; the best passage's own words where there is none.

    A generator that fails, stalls or is down costs the customer its sentences and nothing else.
    `check` is called while the generator is waited for; what it raises ends the work.
    """
    return Writing(_with_spans(prompt, _write(prompt, generator, quote, config, check)))


def _with_spans(prompt: Prompt, steps: _Steps) -> _Steps:
    draft = yield from steps
    cited = [passage for passage in prompt.passages if passage.id in draft.cited]
    return replace(draft, spans=tuple(copies(draft.text, cited)))


def _write(
    prompt: Prompt,
    generator: Generator,
    quote: Generator,
    config: Config,
    check: Callable[[], None],
) -> _Steps:
    if generator is quote or prompt.passages[0].language != prompt.language:
        return (yield from _quote(prompt, quote))
    draft = yield from _generate(prompt, generator, config, check)
    if (draft.text or draft.unknown) and not draft.error:
        return draft
    lead = "\n\n" if draft.text else ""
    if lead:
        yield lead
    quoted = yield from _quote(prompt, quote)
    return AnswerDraft(
        text=draft.text + lead + quoted.text,
        cited=draft.cited | quoted.cited,
        dropped=draft.dropped,
        generator=quoted.generator,
        model=quoted.model,
        error=draft.error or f"{generator.name}: no supported sentence",
    )


def _generate(
    prompt: Prompt, generator: Generator, config: Config, check: Callable[[], None]
) -> _Steps:
    grounding = Grounding(prompt.passages, coverage=config.grounding_coverage)
    writing = generator.generate(prompt)
    pieces = timed(
        writing if isinstance(generator, LocalGenerator) else in_a_thread(writing),
        first_word_seconds=config.first_word_timeout_seconds,
        answer_seconds=config.answer_timeout_seconds,
        check=check,
    )
    released: list[str] = []
    cited: set[str] = set()
    error = ""
    try:
        for part in grounding.release(sentences(pieces)):
            released.append(part.text)
            cited.add(part.support.passage.id)
            yield part.text
    except GeneratorError as failure:
        error = str(failure)
    finally:
        pieces.close()
    return AnswerDraft(
        text="".join(released),
        cited=frozenset(cited),
        dropped=tuple(grounding.dropped),
        generator=generator.name,
        model=generator.model,
        error=error,
        unknown=grounding.says_unknown and not released,
    )


def _quote(prompt: Prompt, quote: Generator) -> _Steps:
    """Verbatim, so there is nothing to check. Says so where it is in another language."""
    best = prompt.passages[0]
    parts: list[str] = []
    if best.language != prompt.language:
        parts.append(say("other_language", prompt.language) + "\n\n")
        yield parts[0]
    for piece in quote.generate(prompt):
        parts.append(piece)
        yield piece
    return AnswerDraft(
        "".join(parts), frozenset({best.id}), generator=quote.name, model=quote.model
    )
