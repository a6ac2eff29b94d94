"""HTML of strangers: made safe to show, and read as text."""

import re
from functools import cache
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final

from hub.channels.email.charset import clean

if TYPE_CHECKING:
    import nh3

MAX_HTML: Final = 2_000_000  # characters kept for showing
MAX_READ: Final = 400_000  # characters read as text
_MAX_NESTING: Final = 800  # html5ever needs a second for 20,000 nested elements, and it grows with the square

_SCHEMES: Final = {"http", "https", "mailto", "tel", "cid"}
_STYLES: Final = frozenset(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right "
    "border-style border-top border-width color direction font-family font-size font-style font-weight height "
    "letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right margin-top max-width "
    "min-width padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-indent "
    "vertical-align white-space width word-break".split()
)
_ATTRIBUTES: Final = {
    "*": {"style", "dir", "lang", "align", "title"},
    "font": {"color", "face", "size"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "width", "height"},
    "tr": {"bgcolor", "valign", "height"},
    "td": {"bgcolor", "valign", "width", "height", "nowrap", "colspan", "rowspan"},
    "th": {"bgcolor", "valign", "width", "height", "nowrap", "colspan", "rowspan"},
}
_IMAGE: Final = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_REMOTE: Final = re.compile(r' src="(https?:[^"]*)"', re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_ANY_TAG: Final = re.compile(r"<[^<>]*>")
# Elements that need no end tag: leaving it out nests nothing.
_SELF_CLOSING: Final = frozenset(
    "p li dt dd td th tr tbody thead tfoot colgroup col option br img hr input meta link area base wbr source".split()
)


def clean_html(html: str) -> tuple[str, int]:
    """What may be shown of `html`, and how many remote pictures are in it.

    No script, style sheet, form, frame; only links to http, https, mailto, tel; pictures of the mail itself keep `src="cid:…"`.
    Remote pictures load only when somebody asks: their address stands in `data-remote-src`. Linear, some 100 MB/s.
    """
    html = html[:MAX_HTML]
    if _nesting(html) > _MAX_NESTING:
        return f"<pre>{escape(strip_tags(html), quote=False)}</pre>", 0
    remote = 0

    def hold_back(image: re.Match[str]) -> str:
        nonlocal remote
        attributes, count = _REMOTE.subn(r' data-remote-src="\1"', image[1])
        remote += count
        return f"<img{attributes}>"

    return _IMAGE.sub(hold_back, _cleaner().clean(clean(html))), remote


@cache
def _cleaner() -> "nh3.Cleaner":
    import nh3  # only mails with HTML need it

    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    for tag, names in _ATTRIBUTES.items():
        attributes[tag] = attributes.get(tag, set()) | names
    return nh3.Cleaner(
        tags=nh3.ALLOWED_TAGS | {"font", "big"},
        attributes=attributes,
        attribute_filter=_filter_attribute,
        url_schemes=_SCHEMES,
        url_relative="deny",
        filter_style_properties=set(_STYLES),
        link_rel="noopener noreferrer nofollow",
    )


def _filter_attribute(element: str, attribute: str, value: str) -> str | None:
    if attribute == "style":
        return None if "(" in value and "url(" in value.lower() else value
    if attribute in ("href", "src", "cite"):
        value = value.strip()
        # Browsers skip some control characters before they read the scheme.
        return None if _CONTROL.search(value) or (attribute == "src" and value.startswith(("mailto:", "tel:"))) else value
    return value


def _nesting(html: str) -> int:
    """About how deep elements are nested, at the deepest; too much rather than too little."""
    depth = deepest = 0
    for slash, name in _TAG.findall(html):
        if name.lower() in _SELF_CLOSING:
            continue
        depth = max(0, depth - 1) if slash else depth + 1
        deepest = max(deepest, depth)
    return deepest


def strip_tags(html: str) -> str:
    """The text between the tags and nothing else: for what no library can read."""
    return clean(unescape(_ANY_TAG.sub(" ", html)))


def text_to_html(text: str) -> str:
    """Plain text as HTML that looks the same."""
    return f'<div style="white-space:pre-wrap">{escape(text, quote=False)}</div>'


def read_html(html: str) -> tuple[str, str]:
    """The text a person sees in `html`, and the same without what was quoted by a mail program's own mark-up."""
    html = clean(html[:MAX_READ])
    if _nesting(html) > _MAX_NESTING:
        text = strip_tags(html)
        return text, text
    tree = _tree(html)
    if tree is None:
        return "", ""
    try:
        text = _render(tree)
        return text, _render(tree) if _cut_quotes(tree) else text
    except RecursionError:
        text = strip_tags(html)
        return text, text


def _tree(html: str) -> Any:
    from lxml import etree  # type: ignore[import-untyped]
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(huge_tree=True, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return lxml_html.document_fromstring(html.encode(), parser=parser)
    except (etree.LxmlError, AssertionError):  # nothing but blanks, comments or an unknown declaration
        return None


def _render(tree: Any) -> str:
    from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]
    from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped]
    from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

    text: str = Inscriptis(tree, ParserConfig(css=CSS_PROFILES["strict"])).get_text()
    return clean("\n".join(line.rstrip() for line in text.replace("\xa0", " ").split("\n")).strip("\n"))


# What mail programs put round what they quote. Most of them put it last; what follows it there is ours to drop as well.
_QUOTE_PATHS: Final = (
    "//*[@id='divRplyFwdMsg' or @id='appendonsend' or @id='isReplyContent' or @id='OLK_SRC_BODY_SECTION'"
    " or @id='mail-editor-reference-message-container' or @id='origbody' or @id='reply-intro']",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' gmail_quote ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' gmail_quote_container ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' yahoo_quoted ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' protonmail_quote ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' moz-cite-prefix ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' zmail_extra ')"
    " or contains(concat(' ', normalize-space(@class), ' '), ' WPS_Quote ')"
    " or contains(@class, 'ntes-mailmaster-quote') or contains(@class, 'lark-mail-quote')"
    " or contains(@class, 'history-quote-wrapper') or contains(@class, 'tutanota_quote')"
    " or starts-with(@class, '__aliyun_previous_history') or contains(@class, 'xm_mail_oringinal_describe')]",
    "//blockquote[@type='cite' or contains(@class, 'gmail_quote')]",
    "//includetail",
)
# These mark where the quoted part begins; it goes on behind the element.
_OPEN_ENDED: Final = ("divRplyFwdMsg", "appendonsend", "reply-intro")
_FORWARDED: Final = re.compile(r"forwarded message|转发|轉寄|begin forwarded", re.IGNORECASE)


def _cut_quotes(tree: Any) -> bool:
    """Take out what a mail program marked as quoted; says whether there was anything."""
    found = False
    for path in _QUOTE_PATHS:
        for element in tree.xpath(path):
            if element.getparent() is None or _is_forward(element):
                continue
            found = True
            if element.get("id") in _OPEN_ENDED:
                _drop_following(element)
            element.drop_tree()
    return found


def _is_forward(element: Any) -> bool:
    """Gmail marks what it forwards like what it quotes, but there it is what the mail is about."""
    return bool(_FORWARDED.search(str(element.xpath("string()"))[:200]))


def _drop_following(element: Any) -> None:
    element.tail = None
    for sibling in list(element.itersiblings()):
        sibling.getparent().remove(sibling)
