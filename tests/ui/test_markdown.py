"""Markdown becomes HTML in which nothing can run, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re

import pytest

from ui.markdown import to_html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b onclick=alert(1)>bold</b>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](vbscript:x)",
        "<javascript:alert(1)>",
        "![pixel](https://elsewhere.example/pixel.png)",
        '[a](https://b.example "x\\" onmouseover=\\"alert(1)")',
        "`<script>`",
        "```\n</code></pre><script>alert(1)</script>\n```",
        'https://a.example/"onmouseover=alert(1)//',
        "| <script> | `<b>` |\n|---|---|\n| <i> | x |",
    ],
)
def test_nothing_in_a_text_can_run(markdown: str) -> None:
    html = to_html(markdown)
    assert not re.search(r"<(script|img|b|i|iframe|svg|style|object)\b", html)
    assert not re.search(r"<[^>]*[\s\"']on\w+\s*=", re.sub(r'"[^"]*"', '""', html))
    assert not re.search(r'href="(javascript|data|vbscript)', html, re.IGNORECASE)


def test_web_and_e_mail_addresses_become_links() -> None:
    html = to_html("See https://a.example/b?c=1. Or write to help@a.example!")
    assert '<a href="https://a.example/b?c=1" target="_blank" rel="noopener' in html
    assert "</a>. Or write" in html
    assert '<a href="mailto:help@a.example"' in html
    assert ">help@a.example</a>!" in html


def test_an_address_ends_where_chinese_goes_on() -> None:
    html = to_html("请在https://a.example/returns登记，或发邮件到help@a.example。")
    assert ">https://a.example/returns</a>登记" in html
    assert ">help@a.example</a>。" in html


def test_a_link_is_not_linked_twice() -> None:
    assert to_html("[https://a.example](https://a.example)").count("<a ") == 1


def test_tables_and_lists_are_kept() -> None:
    html = to_html("| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n- y")
    assert '<div class="table" tabindex="0"><table>' in html
    assert html.count("<li>") == 2
