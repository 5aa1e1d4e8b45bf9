"""Pictures for what cannot show SVG: drawn with a font of our own, so that letters look the same on a machine without fonts."""

from functools import cache
from pathlib import Path

import resvg_py
from django.conf import settings

# Screens of today show two of their pixels for one of a letter's.
ZOOM = 2
FONT = "DejaVu Sans"


def png_of(svg: str, *, colours: str, background: str = "#ffffff") -> bytes:
    """A drawing as an opaque PNG; `colours` is the style sheet of its classes."""
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg,
        background=background,
        style_sheet=colours,
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=[_font()],
        font_family=FONT,
        sans_serif_family=FONT,
        # Letters without half-tones: shown at half their size they are smooth, and the file is a third as large.
        text_rendering="optimize_speed",
    )
    return bytes(drawn)


@cache
def _font() -> str:
    return str(Path(settings.STATICFILES_DIRS[0]) / "vendor" / "DejaVuSans.ttf")
