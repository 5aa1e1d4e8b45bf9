"""Icons, chips and links of the frame; and what every template of the project must not contain."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
# Letters and the paper of a board report go out by themselves, with their style in them.
PAGES = [path for path in TEMPLATES if "emails" not in path.parts and path.name != "document.html"]
SPRITE = (Path(settings.BASE_DIR) / "static" / "icons" / "sprite.svg").read_text()


def render(source: str, **context: object) -> str:
    return Template("{% load page %}" + source).render(Context(context))


@pytest.mark.usefixtures("in_english")
def test_a_severity_is_told_by_icon_and_word_not_by_colour_alone() -> None:
    chip = render("{% severity_chip 'critical' %}")
    assert "sprite.svg#critical" in chip
    assert ">critical</span>" in chip


@pytest.mark.usefixtures("in_english")
def test_a_stage_is_told_by_icon_and_word() -> None:
    chip = render("{% stage_chip 'building' %}")
    assert "sprite.svg#building" in chip
    assert ">under construction</span>" in chip


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE))
    named = {name for path in PAGES for name in re.findall(r'{% icon "([a-z-]+)"', path.read_text())}
    assert named
    assert named <= drawn


def test_every_severity_and_stage_has_an_icon() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE))
    assert {"minor", "moderate", "major", "critical", "planned", "building", "commissioning", "opened", "suspended", "cancelled"} <= drawn


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_template_has_what_the_content_security_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), "inline style or script"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "inline script"
    assert not re.search(r'(src|href)="(https?:)?//', text), "something from elsewhere"
