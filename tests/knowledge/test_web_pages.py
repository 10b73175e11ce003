"""What of a web page is its content, where a page does not say so itself."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from knowledge.web_pages import readable

_COOKIES = "<h4>We value your privacy</h4>We use cookies. <button>Accept all</button>"


@pytest.mark.parametrize(
    "banner",
    [
        '<div class="cookie-consent">We use cookies.</div>',
        f'<div class="fixed js-cookieBanner">{_COOKIES}</div>',
        f'<section id="cookies_notice">{_COOKIES}</section>',
        f'<aside class="c-cookie-bar__inner">{_COOKIES}</aside>',
        f'<div id="CybotCookiebotDialog"><div class="cookie-consent">{_COOKIES}</div></div>',
        f'<div id="onetrust-banner-sdk">{_COOKIES}</div>',
        '<div class="gdpr-consent-popup">Your data. <a role="button" href="#">OK</a></div>',
    ],
)
def test_a_cookie_banner_known_by_its_name_is_no_content(banner: str) -> None:
    page = f"<body><h1>Help</h1><h2>How long?</h2><p>Five days.</p>{banner}</body>"
    assert readable(BeautifulSoup(page, "html.parser")).get_text() == "HelpHow long?Five days."


@pytest.mark.parametrize(
    "page",
    [
        '<body class="cookie-consent">{}<button>OK</button></body>',
        '<div class="has-cookie-banner">{}<button>OK</button></div>',
        '<div class="cookie-banner-open"><h1>Help</h1>{}<button>OK</button></div>',
        '<div id="cookie-consent">{}</div>',
        '<h2 id="what-is-a-cookie-banner">{}</h2>',
        '<div class="cookies">{}<button>Order</button></div>',
    ],
)
def test_what_is_told_about_cookies_is_content(page: str) -> None:
    text = "<h3>Which cookies do you use?</h3><p>None.</p>"
    content = readable(BeautifulSoup(page.format(text), "html.parser"))
    assert "Which cookies do you use?None." in content.get_text()
