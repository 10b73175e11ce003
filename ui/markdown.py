"""Markdown of answers and passages as HTML that is safe to show: no raw HTML, no images."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# ASCII only: in Chinese text no space ends an address. Punctuation at its end belongs to the
# sentence around it.
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]*[A-Za-z0-9\-_~/#@$&*+=%]"
    r"|[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"
)


def to_html(markdown: str) -> str:
    return str(_parser().render(markdown))


@functools.cache
def _parser() -> MarkdownIt:
    return new_parser()


def new_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.core.ruler.after("inline", "addresses", _link_addresses)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _link_addresses(state: StateCore) -> None:
    """Turns bare web and e-mail addresses into links, except inside of links."""
    for block in state.tokens:
        depth = 0
        children: list[Token] = []
        for token in block.children or []:
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            children += _linked(token) if token.type == "text" and depth == 0 else [token]
        if block.children:
            block.children = children


def _linked(token: Token) -> list[Token]:
    tokens: list[Token] = []
    end = 0
    for found in _ADDRESS.finditer(token.content):
        address = found.group()
        href = address if "://" in address else f"mailto:{address}"
        tokens += [
            _text(token.content[end : found.start()]),
            Token("link_open", "a", 1, attrs={"href": href}),
            _text(address),
            Token("link_close", "a", -1),
        ]
        end = found.end()
    return [*tokens, _text(token.content[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    tokens[index].attrs.update(target="_blank", rel="noopener noreferrer nofollow")
    return renderer.renderToken(tokens, index, options, env)


def _table_open(*_: object) -> str:
    """A wide table scrolls by itself, so that a phone's page need not."""
    return '<div class="table" tabindex="0"><table>'


def _table_close(*_: object) -> str:
    return "</table></div>"
