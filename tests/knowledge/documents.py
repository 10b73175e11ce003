"""The smallest real files of each kind, for the tests of reading."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def pdf(lines: Sequence[str], *, encrypted: bool = False) -> bytes:
    """A PDF of one page; each line of Latin text is a paragraph of its own."""
    shown = "".join(
        f"BT /F1 12 Tf 72 {720 - 40 * number} Td ({line}) Tj ET\n"
        for number, line in enumerate(lines)
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}endstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>",
    ]
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    key = f"/Encrypt 6 0 R /ID [<{'33' * 16}> <{'33' * 16}>]" if encrypted else ""
    return (
        f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R {key} >>\n"
        f"startxref\n{len(body)}\n%%EOF"
    ).encode("latin-1")


def docx(paragraphs: Sequence[tuple[str, str]]) -> bytes:
    """A Word file of paragraphs given as (style, text): a style below, "Bold", "Table" or "".

    The text of a table has a row a line, with bars between its cells; "¦" is a bar in one of them.
    """
    body = "".join(_paragraph(style, text) for style, text in paragraphs)
    heading = '<w:style w:type="paragraph" w:styleId="{0}"><w:name w:val="{1}"/></w:style>'
    styles = heading.format("Heading1", "heading 1") + heading.format("Heading2", "heading 2")
    styles += heading.format("Title", "Title")
    relation = f'<Relationship Id="r1" Type="{_OFFICE}/{{0}}" Target="{{1}}"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    types = (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{kind}.styles+xml"/></Types>'
    )
    parts = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations.format("officeDocument", "word/document.xml"),
        "word/_rels/document.xml.rels": relations.format("styles", "styles.xml"),
        "word/styles.xml": f'<w:styles xmlns:w="{_WORD}">{styles}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def xlsx(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    """An Excel workbook of named sheets, each given by its rows."""
    import pandas as pd

    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(book, sheet_name=name, header=False, index=False)
    return file.getvalue()


def _paragraph(style: str, text: str) -> str:
    if style == "Table":
        rows = ["".join(map(_table_cell, line.split("|"))) for line in text.split("\n")]
        return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    bold = "<w:rPr><w:b/></w:rPr>" if style == "Bold" else ""
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style and not bold else ""
    return f"<w:p>{named}<w:r>{bold}<w:t>{text}</w:t></w:r></w:p>"


def _table_cell(text: str) -> str:
    return f"<w:tc>{_paragraph('', text.replace('¦', '|'))}</w:tc>"
