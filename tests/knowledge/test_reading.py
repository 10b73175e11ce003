"""Files of every kind become documents, and broken ones a sentence that says what to do."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from knowledge.errors import UnreadableFile
from knowledge.passages import cut
from knowledge.reading import READABLE, READER, document_paths, list_files, read_document
from knowledge.types import Document, Entry
from tests.knowledge.documents import docx, pdf, xlsx


def read(folder: Path, name: str, content: bytes | str) -> Document:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_document(path, f"docs/{name}")


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(folder, name, content)
    sentence = str(refused.value)
    assert sentence.startswith(str(folder / name))
    assert "\n" not in sentence
    return sentence


def test_the_reader_is_named_with_the_version_of_its_converter() -> None:
    assert "markitdown 0." in READER


def test_markdown_is_read_as_it_is_with_its_first_heading_as_title(tmp_path: Path) -> None:
    document = read(tmp_path, "faq.md", "Intro.\n\n# Our *returns*\n\nText.\n")
    assert document == Document(
        "docs/faq.md", "Our returns", "Intro.\n\n# Our *returns*\n\nText.\n"
    )


def test_a_file_without_a_heading_is_named_after_itself(tmp_path: Path) -> None:
    assert read(tmp_path, "shipping_costs-2026.txt", "Free.").title == "Shipping costs 2026"


def test_front_matter_is_stripped_and_gives_the_title(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.md", "---\r\ntitle: Refunds\r\ntags: [a]\r\n---\r\n# Other\n\nText"
    )
    assert (document.title, document.markdown) == ("Refunds", "# Other\n\nText")


@pytest.mark.parametrize("text", ["---\n# Rule\n\n---\n", "---\n: [\n---\ntext", "---\ntext"])
def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.md", text).markdown == text


def test_html_becomes_markdown_without_menus_and_scripts(tmp_path: Path) -> None:
    page = (
        "<html><head><title>Help &amp; more</title><style>p{}</style></head><body>"
        "<nav><a href='/'>Home</a></nav><script>alert(1)</script>"
        "<h2>Costs</h2><table><tr><th>To</th><th>Price</th></tr>"
        "<tr><td>France</td><td>€10.90</td></tr></table></body></html>"
    )
    document = read(tmp_path, "help.html", page)
    assert document.title == "Help & more"
    assert "| France | €10.90 |" in document.markdown
    assert not any(word in document.markdown for word in ("Home", "alert", "p{}"))


def test_questions_that_fold_open_on_a_page_are_entries(tmp_path: Path) -> None:
    page = (
        "<h1>Help</h1><details><summary>How long?</summary><p>Five days.</p></details>"
        "<dl><dt>Can I cancel?</dt><dd>Yes.</dd></dl>"
    )
    passages = cut(read(tmp_path, "help.html", page))
    assert [(each.question, each.text) for each in passages] == [
        ("How long?", "Five days."),
        ("Can I cancel?", "Yes."),
    ]


_AROUND = (
    "<header><a href='/'>Shop</a> Free shipping!</header><div role=dialog>Cookies</div>{}"
    "<form><label>Helpful?</label></form><aside><h4>Related</h4></aside><div hidden>Margin</div>"
    "<footer>© 2026</footer>"
)


@pytest.mark.parametrize(
    "content",
    [
        "<main>{}<form><button>Yes</button></form></main>",
        "<article><header><h1>Help</h1></header><h2>How long?</h2><p>Five days.</p></article>",
        "<div>{}</div>",
        "<article>{}</article><article></article>",
    ],
)
def test_what_stands_around_a_pages_content_is_no_answer(tmp_path: Path, content: str) -> None:
    text = "<h1>Help</h1><h2>How long?</h2><p>Five days.</p>"
    passages = cut(read(tmp_path, "help.html", _AROUND.format(content.format(text))))
    assert [(each.title, each.question, each.text) for each in passages] == [
        ("Help", "How long?", "Five days.")
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<button class=accordion>How long?</button><div hidden>Five days.</div>",
        "<h3><button aria-expanded=false>How long?</button></h3><div hidden>Five days.</div>",
        "<div><div role=tab>How long?</div><div style='display:none'>Five days.</div></div>",
        "<div><div><button aria-controls=a>How long?</button></div>"
        "<div id=a aria-hidden=true>Five days.</div></div>",
        "<form id=aspnet><h2>How long?</h2><div>Five days.</div></form>",
        "<h2>How long?<a class=headerlink href='#s'>¶</a></h2>Five days.",
        "<h2>How long?<a class=hash-link href='#s'>\u200b</a></h2>Five days.",
        "<h2><a class=anchor href='#s'>How long?</a><a href='#s'>#</a></h2>Five days.",
    ],
)
def test_a_question_on_a_page_has_the_answer_that_folds_open(tmp_path: Path, page: str) -> None:
    passages = cut(read(tmp_path, "help.html", f"<h1>Help</h1>{page}"))
    assert [(each.question, each.text) for each in passages] == [("How long?", "Five days.")]


def test_a_row_of_tabs_holds_no_questions(tmp_path: Path) -> None:
    page = (
        "<ul><li><button role=tab>Size?</button></li><li><button role=tab>Cost?</button></li></ul>"
        "<div role=tabpanel>Small.</div><div role=tabpanel hidden>9 EUR.</div>"
    )
    (passage,) = cut(read(tmp_path, "help.html", f"<h1>Help</h1><h2>Tents</h2>{page}"))
    assert (passage.question, passage.path) == ("", ("Tents",))
    assert "9 EUR." in passage.text


def test_a_page_is_decoded_as_it_declares(tmp_path: Path) -> None:
    page = "<meta charset=gb2312><title>退货</title><p>七天内可以退货，镕基路门店也行。</p>"
    document = read(tmp_path, "a.html", page.encode("gb18030"))
    assert (document.title, document.markdown) == ("退货", "七天内可以退货，镕基路门店也行。")


def test_a_pdf_gives_its_questions_and_answers(tmp_path: Path) -> None:
    lines = ["Shop help", "How long do refunds take?", "Refunds take 5 working days."]
    passages = cut(read(tmp_path, "help.pdf", pdf(lines)))
    assert [(each.question, each.text) for each in passages] == [
        ("", "Shop help"),
        ("How long do refunds take?", "Refunds take 5 working days."),
    ]


def test_a_word_file_keeps_its_headings_and_bold_questions(tmp_path: Path) -> None:
    paragraphs = [
        ("Heading1", "Returns"),
        ("", "Send it back."),
        ("Bold", "How long do I have?"),
        ("", "30 days."),
        ("Heading2", "退款要多久？"),
        ("", "三到五天。"),
    ]
    document = read(tmp_path, "returns.docx", docx(paragraphs))
    assert document.title == "Returns"
    assert [(each.question, each.text) for each in cut(document)] == [
        ("", "Send it back."),
        ("How long do I have?", "30 days."),
        ("退款要多久？", "三到五天。"),
    ]


def test_a_word_file_keeps_its_title_and_the_names_of_its_tables_columns(tmp_path: Path) -> None:
    paragraphs = [
        ("Title", "Our prices"),
        ("Heading1", "Tents"),
        ("Table", "Tent|Price\nAlta|20 EUR"),
    ]
    document = read(tmp_path, "prices.docx", docx(paragraphs))
    assert document.title == "Our prices"
    assert "| Tent | Price |\n| --- | --- |\n| Alta | 20 EUR |" in document.markdown


def test_a_table_on_a_page_has_column_names_without_header_cells(tmp_path: Path) -> None:
    page = "<table><tr><td>To</td><td>Price</td></tr><tr><td>FR</td><td>€10</td></tr></table>"
    assert read(tmp_path, "a.html", page).markdown == (
        "| To | Price |\n| --- | --- |\n| FR | €10 |"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "a.md",
            "# Help\n\n| Question | **Answer** |\n|---|---|\n"
            "| **How long?** | 5 days,<br>or \\| 6 |\n| When? | |\n\nWrite to us.\n",
        ),
        (
            "a.html",
            "<h1>Help</h1><table><tr><td>问题</td><td>答案</td></tr>"
            "<tr><td>How long?</td><td>5 days, or 6</td></tr></table><p>Write to us.</p>",
        ),
        (
            "a.docx",
            docx(
                [
                    ("Heading1", "Help"),
                    ("Table", "No|Question|Answer\n1|How long?|5 days, or 6"),
                    ("", "Write to us."),
                ]
            ),
        ),
    ],
)
def test_each_row_of_a_table_of_questions_is_an_entry(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    passages = cut(read(tmp_path, name, content))
    texts = [(each.question, re.sub(r"[\s|\\]+", " ", each.text)) for each in passages]
    assert texts == [("", "Write to us."), ("How long?", "5 days, or 6")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "question,answer\nHow long?,5 days\nWhen?,\n"),
        ("a.xlsx", xlsx({"FAQ": [["Q", "A"], ["How long?", "5 days"], ["When?", " "]]})),
        ("a.md", "| Q | A |\n|---|---|\n| How long? | 5 days |\n| **When?** | |\n"),
        (
            "a.html",
            "<table><tr><th>Question</th><th>Answer</th></tr>"
            "<tr><td>How long?</td><td>5 days</td></tr><tr><td>When?</td><td></td></tr></table>",
        ),
        ("a.docx", docx([("Table", "Question|Answer\nHow long?|5 days\nWhen?|")])),
        ("a.json", '[{"q": "How long?", "a": "5 days"}, {"q": "When?"}]'),
        ("a.jsonl", '{"问题": "How long?", "答案": "5 days"}\n{"问题": "When?", "答案": null}\n'),
    ],
)
def test_a_row_without_an_answer_is_no_entry_but_told(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    document = read(tmp_path, name, content)
    assert document.entries == (Entry("How long?", "5 days"),)
    assert document.unanswered == ("When?",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "question,answer\nHow long?,5 days\n,or 7 abroad\n,\n"),
        ("a.xlsx", xlsx({"FAQ": [["Q", "A"], ["How long?", "5 days"], [" ", "or 7 abroad"]]})),
        ("a.md", "| Q | A |\n|---|---|\n| How long? | 5 days |\n| | or 7 abroad |\n"),
        ("a.json", '[{"answer": "or 7 abroad"}, {"question": "How long?", "answer": "5 days"}]'),
    ],
)
def test_a_row_without_a_question_is_no_entry_but_told(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    document = read(tmp_path, name, content)
    assert document.entries == (Entry("How long?", "5 days"),)
    assert document.unanswered == ()
    assert document.unasked == ("or 7 abroad",)


def test_a_heading_over_entries_in_json_lacks_no_answer(tmp_path: Path) -> None:
    entry = {"question": "How long?", "answer": "5 days"}
    content = [entry, {"question": "Refunds", "entries": [entry | {"question": "When?"}]}]
    document = read(tmp_path, "a.json", json.dumps(content))
    assert [each.question for each in document.entries] == ["How long?", "When?"]
    assert document.unanswered == ()


def test_answers_in_rows_of_their_own_are_told(tmp_path: Path) -> None:
    document = read(tmp_path, "a.csv", "question,answer\nHow long?,\n,5 days\n")
    assert document.entries == ()
    assert (document.unanswered, document.unasked) == (("How long?",), ("5 days",))


def test_a_bar_in_a_cell_of_a_page_is_part_of_its_text(tmp_path: Path) -> None:
    path = tmp_path / "sizes.html"
    path.write_text(
        "<table><tr><th>Question</th><th>Answer</th></tr>"
        "<tr><td>Which sizes?</td><td>S | M, and <b>XL|XXL</b> online</td></tr></table>",
        encoding="utf-8",
    )
    (entry,) = read_document(path, "sizes.html").entries
    assert entry.answer == "S | M, and **XL|XXL** online"


def test_a_bar_in_a_cell_of_a_word_file_is_part_of_its_text(tmp_path: Path) -> None:
    table = docx([("Table", "Question|Answer\nWhich ¦ sizes?|S ¦ M, and XL¦XXL online")])
    (entry,) = read(tmp_path, "sizes.docx", table).entries
    assert entry == Entry("Which | sizes?", "S | M, and XL|XXL online")


def test_a_table_of_titles_and_texts_stays_a_table(tmp_path: Path) -> None:
    text = (
        "| Title | Text |\n|---|---|\n| Tent | Green |\n\n| Question | Answer |\n|---|---|\n| | |"
    )
    assert read(tmp_path, "a.md", text) == Document("docs/a.md", "A", text)


def test_a_workbook_gives_entries_and_its_other_sheets_as_tables(tmp_path: Path) -> None:
    book = xlsx(
        {
            "FAQ": [["Our FAQ", None], ["Question", "Answer"], ["How long?", "5 days"]],
            "Costs": [
                ["To", "Price", None],
                ["DE", 4.9, None],
                [None, None, None],
                ["FR", 10, "|"],
            ],
        }
    )
    document = read(tmp_path, "shop.xlsx", book)
    assert [(each.question, each.answer) for each in document.entries] == [("How long?", "5 days")]
    assert document.markdown == (
        "## Costs\n\n| To | Price |  |\n| --- | --- | --- |\n| DE | 4.9 |  |\n| FR | 10 | \\| |"
    )


@pytest.mark.parametrize("suffix", sorted(READABLE))
def test_five_megabytes_of_random_bytes_are_refused_whatever_their_name(
    tmp_path: Path, suffix: str
) -> None:
    refusal(tmp_path, f"faq{suffix}", random.Random(0).randbytes(5_000_000))


@pytest.mark.parametrize(
    ("name", "head"), [("faq.pdf", b"%PDF-1.7\n"), ("faq.xlsx", b"PK\x03\x04"), ("a.docx", b"PK")]
)
def test_random_bytes_behind_a_true_signature_are_refused(
    tmp_path: Path, name: str, head: bytes
) -> None:
    refusal(tmp_path, name, head + random.Random(1).randbytes(100_000))


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_files_that_were_cut_off_are_refused_or_read_but_never_crash(
    tmp_path: Path, kept: float
) -> None:
    whole = {
        "a.pdf": pdf(["How long?", "Five days."]),
        "a.docx": docx([("", "Five days.")]),
        "a.xlsx": xlsx({"FAQ": [["q", "a"], ["How long?", "Five days."]]}),
    }
    for name, data in whole.items():
        try:
            document = read(tmp_path, name, data[: int(len(data) * kept)])
        except UnreadableFile:
            continue
        assert "Five days." in document.markdown


def test_a_scanned_pdf_is_refused_with_the_way_to_its_text(tmp_path: Path) -> None:
    assert "OCR" in refusal(tmp_path, "scan.pdf", pdf([]))


def test_files_with_a_password_are_refused(tmp_path: Path) -> None:
    assert "password" in refusal(tmp_path, "a.pdf", pdf(["Secret"], encrypted=True))
    assert "password" in refusal(tmp_path, "a.docx", b"\xd0\xcf\x11\xe0" + bytes(600))


def test_empty_files_and_unknown_kinds_are_refused(tmp_path: Path) -> None:
    assert "holds no text" in refusal(tmp_path, "a.md", "\ufeff \n\x00\n")
    assert ".docx" in refusal(tmp_path, "a.exe", "MZ")


def test_a_missing_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"gone\.md cannot be opened: No such file"):
        read_document(tmp_path / "gone.md", "gone.md")


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as file:
        file.truncate(51_000_000)
    with pytest.raises(UnreadableFile, match="larger than 50 MB"):
        read_document(path, "huge.md")


def test_a_folder_gives_its_readable_files_in_order(tmp_path: Path) -> None:
    for name in (
        "b.md", "a/z.PDF", "a/a.csv", "pack.toml", "c.png", ".hidden.md", ".git/x.md",
        "intents/refund.md", "~$b.docx", "faq/zh/一.md",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.md").symlink_to(tmp_path / "nowhere.md")
    found = [str(path.relative_to(tmp_path)) for path in document_paths(tmp_path)]
    assert found == ["a/a.csv", "a/z.PDF", "b.md", "faq/zh/一.md"]


def test_a_file_is_its_own_list_of_documents(tmp_path: Path) -> None:
    path = tmp_path / "notes.exe"
    path.touch()
    assert document_paths(path) == [path]


@pytest.mark.usefixtures("permissions_hold")
def test_a_folder_that_cannot_be_looked_into_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.md").touch()
    (tmp_path / "b").mkdir(mode=0)
    listing = list_files(tmp_path)
    assert listing.documents == [tmp_path / "a.md"]
    assert listing.closed == {tmp_path / "b": "Permission denied"}


def test_a_path_where_nothing_stands_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="does not exist"):
        document_paths(tmp_path / "gone")
