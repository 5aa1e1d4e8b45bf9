"""Drawings apart from the pages, on paper and in letters: no style sheet of a page reaches them, so that each bears its colours itself.

The colours are those of the pages in light, read from the same style sheets.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_STYLES = ("css/charts.css", "css/gantt.css")
_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_PAIR = re.compile(r"light-dark\(((?:[^,()]|\([^()]*\))+),(?:[^()]|\([^()]*\))+\)")
_RULE = re.compile(r"^\s+([.:][^{}@]+) \{ ([^{}]+) \}$", re.MULTILINE)
_AROUND = re.compile(r"(?::is\(\.gantt, \.gantt-legend\)|\.gantt|\.chart)\s+")
_CHOICE = re.compile(r"^(.*):is\(([^()]+)\)(.*)$")
_CLASS = re.compile(r"\.([a-z][\w-]*)")
_OF_DRAWINGS = re.compile(r"^(fill|stroke|opacity|font-weight)")
_SVG = re.compile(r"<svg\b[^>]*>|</svg>")


def light(css: str) -> str:
    """A style sheet with its colours and measures in place of their names, as they are in light."""
    tokens = _tokens()
    for _depth in range(2):
        css = _VARIABLE.sub(lambda found: tokens.get(found[1], found[0]), css)
    return _PAIR.sub(lambda found: found[1].strip(), css)


def apart(markup: str) -> str:
    """The same mark-up, in which each drawing says its own colours."""
    written, at, depth = [], 0, 0
    for tag in _SVG.finditer(markup):
        depth += -1 if tag[0] == "</svg>" else 1
        if depth == 1 and tag[0] != "</svg>":
            end = tag[0].endswith("/>")
            inside = markup[tag.start() : _end(markup, tag.end())]
            opened = tag[0].replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) if "xmlns=" not in tag[0] else tag[0]
            written += [markup[at : tag.start()], opened, "" if end else f"<style>{_rules_for(inside)}</style>"]
            at, depth = tag.end(), 0 if end else 1
    return "".join([*written, markup[at:]])


@cache
def style(*names: str) -> str:
    """Style sheets of this site, one after the other, as they are in light: for a document that stands alone."""
    return "\n".join(light(_read(name)) for name in names)


def _end(markup: str, start: int) -> int:
    """Where the drawing ends that begins before `start`."""
    depth = 1
    for tag in _SVG.finditer(markup, start):
        depth += -1 if tag[0] == "</svg>" else 1
        if not depth:
            return tag.start()
    return len(markup)


def _rules_for(inside: str) -> str:
    """The rules for what a drawing holds; those of the Gantt chart where it is a sheet of it."""
    used = {name for names in re.findall(r'class="([^"]*)"', inside) for name in names.split()}
    styles = _STYLES if "sheet" in used else _STYLES[:1]
    return "".join(
        f"{selector}{{{body}}}" for name in styles for selector, body in _rules(name) if used.issuperset(_CLASS.findall(selector))
    )


@cache
def _rules(name: str) -> tuple[tuple[str, str], ...]:
    """The selectors of a style sheet without the page around them, each with what it says about drawings."""
    found = [("text", f"font-size:14px;font-family:{_tokens()['--font']}".replace('"', "'"))]
    for selectors, body in _RULE.findall(light(_read(name))):
        # The halo of a text would be painted over it where the order of painting is not known.
        kept = [one.strip() for one in body.split(";") if _OF_DRAWINGS.match(one.strip())]
        if "paint-order" in body:
            kept = [one for one in kept if not one.startswith("stroke")]
        if kept:
            found += [(one, ";".join(kept)) for one in _plain(selectors)]
    return tuple(found)


def _plain(selectors: str) -> Iterator[str]:
    """The single selectors of a rule, without ancestors that are not part of a drawing."""
    for selector in re.split(r",(?![^(]*\))", _AROUND.sub("", selectors)):
        choice = _CHOICE.match(selector.strip())
        for one in choice[2].split(",") if choice else [""]:
            plain = f"{choice[1]}{one.strip()}{choice[3]}" if choice else selector.strip()
            if re.fullmatch(r"[\w.-]+", plain):
                yield plain


@cache
def _tokens() -> dict[str, str]:
    return dict(_TOKEN.findall(_read("css/tokens.css")))


def _read(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")
