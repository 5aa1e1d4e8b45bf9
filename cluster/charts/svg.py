"""Elements of SVG, escaped; numbers without needless digits; text that fits a width."""

from collections.abc import Iterable
from functools import cache
from html import escape
from textwrap import wrap

from django.utils.safestring import SafeString

# Average advance of a letter at 14 px in the sans-serif faces in use; Cyrillic runs wider than Latin.
LETTER = 7.9


def el(tag: str, *children: str, **attributes: object) -> SafeString:
    """`<tag name="value">children</tag>`: `class_` becomes class, underscores hyphens, None is left out."""
    # A page has hundreds of them: format_html would take most of the time of its charts.
    written = "".join(f' {_attribute(name)}="{_escaped(_plain(value))}"' for name, value in attributes.items() if value is not None)
    return SafeString(f"<{tag}{written}>{''.join(map(_escaped, children))}</{tag}>")


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _escaped(words: str) -> str:
    """The text as Django escapes it, what is safe already as it is."""
    return words if isinstance(words, SafeString) else escape(str(words))


def text(x: float, y: float, words: str, *, class_: str = "", anchor: str | None = None) -> SafeString:
    """A line of text; `anchor` is start, middle or end."""
    return el("text", words, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> SafeString:
    """A straight line."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, *, radius: float | None = None) -> SafeString:
    """A box, at least one unit wide so that it can be seen."""
    return el("rect", x=x, y=y, width=max(width, 1), height=max(height, 0.5), rx=radius, class_=class_)


def diamond(x: float, y: float, size: float, class_: str) -> SafeString:
    """A mark that stands on its point, as milestones are drawn."""
    points = f"{_plain(x)},{_plain(y - size)} {_plain(x + size)},{_plain(y)} {_plain(x)},{_plain(y + size)} {_plain(x - size)},{_plain(y)}"
    return el("polygon", points=points, class_=class_)


def drawing(key: str, layout: str, width: float, height: float, title: str, desc: str, marks: Iterable[str]) -> SafeString:
    """A whole picture, named and described for those who do not see it."""
    name, about = f"{key}-{layout}-t", f"{key}-{layout}-d"
    return el(
        "svg",
        el("title", title, id=name),
        el("desc", desc, id=about),
        *marks,
        class_=layout,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        aria_labelledby=f"{name} {about}",
    )


def fit(words: str, width: float, lines: int = 1) -> list[str]:
    """`words` broken into at most `lines` lines of `width` units; an ellipsis says that something was left out."""
    return wrap(words, width=max(4, int(width / LETTER)), max_lines=lines, placeholder="…") or [""]


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
