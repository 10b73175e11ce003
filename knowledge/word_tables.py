"""Tables of Word files -> Markdown; knows nothing of the rest of these files."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from markitdown import DocumentConverterResult
from markitdown.converters import HtmlConverter

from knowledge.web_pages import escape_bars


class TableConverter(HtmlConverter):
    """For the HTML that markitdown makes of a Word file before it is Markdown."""

    def convert_string(self, html_content: str, **options: Any) -> DocumentConverterResult:
        page = BeautifulSoup(html_content, "html.parser")
        escape_bars(page)
        return super().convert_string(str(page), **options)
