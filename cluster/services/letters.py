"""Letters as the outbox takes them, and what all of them share: lines of a terminal's width, styles that mail programs keep."""

import textwrap
from dataclasses import dataclass
from functools import cache

import css_inline

WIDTH = 76
LONGEST_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes into an e-mail. `chart` is a PNG that the HTML shows as `cid:chart`."""

    subject: str
    text: str
    html: str
    chart: bytes | None = None


def composed(subject: str, text: str, html: str, *, chart: bytes | None = None) -> Composed:
    """A letter of rendered templates: the subject in one line, the text wrapped, the styles inline."""
    return Composed(" ".join(subject.split())[:LONGEST_SUBJECT], _wrapped(text), _inliner().inline(html), chart)


@cache
def _inliner() -> css_inline.CSSInliner:
    """Rules become style attributes; those that only a style sheet can hold (dark colours, narrow screens) are kept."""
    return css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)


def _wrapped(text: str) -> str:
    """Lines no longer than a terminal, continued under their own indent; addresses stay whole; at most one empty line in a row."""
    lines: list[str] = []
    for line in map(str.rstrip, text.splitlines()):
        if not line:
            if lines and lines[-1]:
                lines.append("")
            continue
        indent = " " * (len(line) - len(line.lstrip(" -•")))
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).strip() + "\n"
