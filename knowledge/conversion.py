"""HTML, PDF and DOCX -> Markdown, through markitdown's converters; no network, no plug-ins."""

from __future__ import annotations

import io
import logging
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.characters import one_line
from knowledge.decoding import decode_html
from knowledge.errors import UnreadableFile

_LARGEST_UNPACKED_MEGABYTES = 400
# Office files that are encrypted, or older than 2007, are OLE containers instead of ZIP archives.
_OLE = b"\xd0\xcf\x11\xe0"
# A picture inside the file: only its description can be read.
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\(data:[^)\s]*\)")
# A PDF breaks Chinese lines in the middle of words; a short line is a heading, so it stays.
_WRAPPED_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff，、；：]{12})\n(?=[\u4e00-\u9fff])")
# The first row of a table names its columns, whether or not its file says so.
_NAMED_COLUMNS: dict[str, Any] = {"table_infer_header": True}
# mammoth knows the styles of headings only.
_DOCUMENT_TITLE = "p[style-name='Title'] => h1:fresh"


def html_to_markdown(data: bytes, path: Path) -> tuple[str, str]:
    """The page's <title>, empty if it has none, and its body as Markdown."""
    with conversion(path, "an HTML page"):
        from bs4 import BeautifulSoup

        from knowledge.web_pages import readable

        page = BeautifulSoup(decode_html(data, path), "html.parser")
        title = one_line(page.title.get_text()) if page.title else ""
        return title, fragment_to_markdown(str(readable(page)))


def fragment_to_markdown(html: str) -> str:
    from markitdown.converters import HtmlConverter

    return _PICTURE.sub(r"\1", HtmlConverter().convert_string(html, **_NAMED_COLUMNS).markdown)


def docx_to_markdown(data: bytes, path: Path) -> str:
    check_office_file(data, path, "a Word document")
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter

    from knowledge.word_tables import TableConverter

    with conversion(path, "a Word document"):
        converter = DocxConverter()  # type: ignore[no-untyped-call]
        converter._html_converter = TableConverter()  # there is no public way in between
        result = converter.convert(
            io.BytesIO(data),
            StreamInfo(extension=".docx"),
            style_map=_DOCUMENT_TITLE,
            **_NAMED_COLUMNS,
        )
    return _PICTURE.sub(r"\1", result.markdown)


def pdf_to_markdown(data: bytes, path: Path) -> str:
    """Raises UnreadableFile for a PDF that is encrypted or holds pictures of text only."""
    if b"%PDF-" not in data[:1024]:
        raise UnreadableFile(f"{path} is not a PDF file. Export it again, or take it away.")
    from markitdown import StreamInfo
    from markitdown.converters import PdfConverter
    from pdfminer.pdfdocument import PDFPasswordIncorrect

    with conversion(path, "a PDF file"):
        try:
            text = PdfConverter().convert(io.BytesIO(data), StreamInfo(extension=".pdf")).markdown
        except PDFPasswordIncorrect as error:
            raise UnreadableFile(
                f"{path} is protected by a password. Save it again without one."
            ) from error
    # "(cid:31)" stands for a letter whose font does not say which one it is.
    if not text.strip() or text.count("(cid:") * 20 > len(text):
        raise UnreadableFile(
            f"{path} holds no text, only pictures of it. Run it through OCR first (ocrmypdf)."
        )
    return _WRAPPED_CHINESE.sub("", text)


def check_office_file(data: bytes, path: Path, kind: str) -> None:
    """Raises UnreadableFile unless `data` is a ZIP archive of a size that can be unpacked."""
    if data.startswith(_OLE):
        raise UnreadableFile(
            f"{path} is protected by a password or older than Office 2007. "
            f"Save it again as {kind} without a password."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFile(f"{path} is not {kind}. Save it again, or take it away.") from error
    if unpacked > _LARGEST_UNPACKED_MEGABYTES * 1_000_000:
        raise UnreadableFile(
            f"{path} unpacks to more than {_LARGEST_UNPACKED_MEGABYTES} MB. Split it up."
        )


@contextmanager
def conversion(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever a converter raises into UnreadableFile, and keeps its warnings quiet."""
    logger = logging.getLogger("pdfminer")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnreadableFile:
        raise
    except Exception as error:  # a broken file makes converters raise anything
        raise UnreadableFile(
            f"{path} cannot be read as {kind} ({type(error).__name__}). "
            "Open it and save it again, or take it away."
        ) from error
    finally:
        logger.setLevel(level)
