"""What of a web page is its content: menus, banners and buttons out, questions as headings."""

from __future__ import annotations

import re
from itertools import islice

from bs4 import BeautifulSoup, Tag

_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_NO_CONTENT = ["nav", "noscript", "template", "script", "style", "title"]
_AROUND_CONTENT = "header, footer, aside, [role=banner], [role=contentinfo], [role=complementary]"
_ASIDES = "dialog, [role=dialog], [role=navigation], form"
_HIDDEN = "[hidden], [aria-hidden=true]"
_QUESTIONS = (
    "summary, dt, [role=tab], button[class*=accordion], button[aria-expanded], "
    "button[aria-controls]"
)
_CONTROLS = {"button", "summary", "dt", *_HEADINGS}
# "cookie-consent", "js-cookieBanner", "CybotCookiebotDialog", "onetrust-banner-sdk"
_COOKIES = re.compile(r"cookie|gdpr|onetrust", re.IGNORECASE)
_BANNER = re.compile(
    r"alert|banner|bar|consent|dialog|disclaimer|law|message|modal|notice|notification|overlay|"
    r"popup|prompt|wall|warning",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\w")
_BAR = re.compile(r"(?<!\\)\|")


def readable(page: BeautifulSoup) -> Tag:
    """The part of the page that is read; changes `page`."""
    for tag in page.find_all(_NO_CONTENT):
        tag.decompose()
    content = _content(page)
    _drop(content, _ASIDES)
    if content is page:
        _drop(content, _AROUND_CONTENT)
    _drop(content, _HIDDEN)
    for tag in content.find_all(_is_cookie_banner):
        tag.decompose()
    _drop_anchors(content)
    for tag in content.select(_QUESTIONS):
        if _is_question(tag):
            tag.name = "h6"
    for tag in content.find_all("dd"):
        tag.name = "p"
    escape_bars(content)
    return content


def escape_bars(content: Tag) -> None:
    """A bar would end its cell in Markdown, which the converter does not see to."""
    for cell in content.find_all(["td", "th"]):
        for text in cell.find_all(string=_BAR):
            text.replace_with(_BAR.sub(r"\\|", text))


def _content(page: BeautifulSoup) -> Tag:
    """The page's only <main>, or the only <article> if most of the text is in it."""
    mains = page.select("main, [role=main]")
    if len(mains) == 1 and mains[0].get_text(strip=True):
        return mains[0]
    articles = page.find_all("article")
    if len(articles) == 1:
        inside, whole = (len(each.get_text(strip=True)) for each in (articles[0], page))
        if 2 * inside > whole:
            return articles[0]
    return page


def _drop(content: Tag, selector: str) -> None:
    for tag in content.select(selector):
        if not tag.decomposed and not _holds_content(tag):
            tag.decompose()


def _is_cookie_banner(tag: Tag) -> bool:
    """By its name. With a heading but no button it is a chapter about cookies, and with all
    headings of the page it is the page, whose class says that it has a banner.
    """
    names = [*tag.get_attribute_list("class"), *tag.get_attribute_list("id")]
    if not any(name and _COOKIES.search(name) and _BANNER.search(name) for name in names):
        return False
    if tag.name not in {"div", "section", "aside"} or tag.find(["main", "article", "summary"]):
        return False
    headings = tag.find_all(_HEADINGS)
    if not headings:
        return True
    others = tag.find_previous(_HEADINGS) or headings[-1].find_next(_HEADINGS)
    return bool(others and tag.select_one("button, input, [role=button]"))


def _holds_content(tag: Tag) -> bool:
    """A form around a whole page, a title inside an article, an answer that folds open."""
    if tag.name == "form":
        return tag.find([*_HEADINGS, "summary", "table"]) is not None
    if tag.name in {"header", "footer"}:
        return tag.find_parent(["article", "section", "main"]) is not None
    if tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return _is_answer(tag)
    return False


def _is_answer(tag: Tag) -> bool:
    """It follows a button or a heading that stands alone, or is named as a panel of one."""
    if tag.get("role") == "tabpanel" or tag.has_attr("aria-labelledby"):
        return True
    before = tag.find_previous_sibling()
    return before is not None and _is_control(before)


def _is_control(tag: Tag) -> bool:
    """A button or a heading, or what holds one and no other text."""
    inner = tag if _controls(tag) else tag.find(_controls)
    return isinstance(inner, Tag) and _same_text(inner, tag)


def _controls(tag: Tag) -> bool:
    return tag.name in _CONTROLS or tag.get("role") in {"tab", "button"}


def _drop_anchors(content: Tag) -> None:
    """Links to the heading that they stand in: ¶, # or nothing that can be seen."""
    for link in content.select("a"):
        marked = {"headerlink", "hash-link", "anchor"} & set(link.get("class") or [])
        heading = link.find_parent([*_HEADINGS, "dt", "summary"])
        if not (marked or heading) or link.find("img"):
            continue
        letters = len(_LETTER.findall(link.get_text()))
        if not letters or (
            marked and heading and len(_LETTER.findall(heading.get_text())) > letters
        ):
            link.decompose()


def _is_question(tag: Tag) -> bool:
    """Not a heading yet; what is no <summary> or <dt> has its answer behind it."""
    if tag.find(_HEADINGS) or tag.find_parent(_HEADINGS):
        return False
    if tag.name in {"summary", "dt"}:
        return True
    outer = tag
    while outer.parent is not None and _same_text(tag, outer.parent):
        outer = outer.parent
    answer = outer.find_next_sibling()
    return answer is not None and not _is_control(answer) and bool(tag.get_text(strip=True))


def _same_text(inner: Tag, outer: Tag) -> bool:
    texts = list(inner.stripped_strings)
    return bool(texts) and list(islice(outer.stripped_strings, len(texts) + 1)) == texts
