"""Every form of the staff pages, filled in as a person would and with one box in turn as nobody should: no 5xx, no half-written thing.

`HOSTILE=all` puts each value into each box; otherwise the values go round.
"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve

from cluster.models import Attachment
from tests.cluster.evidence import PDF, PNG, lying_bomb
from tests.hostile.foreign import name_others
from tests.hostile.forms import Box
from tests.hostile.ground import Ground, digest, routes
from tests.hostile.sending import found_on, send, usual
from tests.hostile.values import ALL, IN_BOXES, LONG, MARKUP, Rotation

pytestmark = pytest.mark.django_db
# What is usual does not do there: a table, a file, the true password, a tick over a warning, a figure's source.
REFUSED = {
    f"cluster:{name}"
    for name in (
        "paste_budget", "paste_dates", "paste_schedule", "discussion", "own_password", "approve_baseline", "delete_milestone",
        "baseline_dates", "estimates", "acknowledge_flags", "new_rate",
    )
} | {"production:new_plan", "production:new_capacity", "production:record_output"}  # fmt: skip
# No box but one for text takes any of these, and none at all the last two.
NEVER = {"1e400", "NaN", "-Infinity", MARKUP, LONG, "{}", "\U0001f600", "'; --", "../../x", "=cmd()", "\u200b"}
NOWHERE = {"\x00", "a\x00b", "\u202eabc"}
CHOSEN = {"select", "radio", "checkbox", "hidden"}
FILES = (
    ("../../x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), ("x.pdf.exe", PDF), ("empty.pdf", b""), ("x.pdf", b"MZ"),
    ("bomb.xlsx", lying_bomb()), ("x" * 400 + ".pdf", PDF), ("x.xlsx", b"PK\x03\x04"), ("x", PDF), (".pdf", PDF), ("x.png", PDF),
    ("x.pdf", PNG), ("x.csv", b"<html><script>"), ("x.pdf", b"%PDF-1.4 %%EOF" + lying_bomb()),
)  # fmt: skip


def must_refuse(box: Box, value: str) -> bool:
    """Whether nothing may be stored of this value in this box."""
    if box.kind in ("checkbox", "submit", "file"):
        return False
    if value in NOWHERE:
        return True
    if box.choices is not None:
        return bool(value) and value not in box.choices and box.kind == "select"
    return value in NEVER and not box.takes_text and box.kind != "hidden"


def test_no_value_in_a_form_breaks_it_or_is_half_stored(ground: Ground) -> None:
    rotation, before, refused, named, met = Rotation(IN_BOXES), digest(), set(), set(), set()
    for found in list(found_on(ground, "editor", "admin")):
        client, typed = ground.client(found.who), found.form.filled(usual())
        answer, _written = send(ground, client, found.to, typed, before)
        if answer is not None and answer.status_code >= 400:
            refused.add(resolve(found.to).view_name)
        for box in found.form.boxes.values():
            # What is chosen or hidden is taken alike in all forms that have it: it is tried alone in one of them, with all others in each.
            if box.name == "csrfmiddlewaretoken" or ((box.name, box.kind) in met and box.kind in CHOSEN and not ALL):
                continue
            met.add((box.name, box.kind))
            for value in rotation.take("", len(IN_BOXES) if ALL else 1):
                refuse = must_refuse(box, value)
                _answer, written = send(ground, client, found.to, typed | {box.name: [value]}, before, refuse=refuse)
                if written and refuse:
                    ground.note("POST", found.to, {box.name: value}, f"{box.kind} {box.choices} took it and wrote to {written}")
        if found.who == "editor":
            named |= name_others(ground, client, found, typed, before)
        odd = {name: [*values, next(iter(rotation.take("", 1)))] for name, values in typed.items()} | {"is_superuser": ["1"], "id": ["1"]}
        send(ground, client, found.to, odd, before)
        send(ground, client, found.to, {}, before)
    ground.all_is_well()
    assert refused <= REFUSED, f"what is sent as usual is refused: {refused - REFUSED}"
    assert named >= {"factory", "milestone", "claim", "amendment", "copy_from", "brand", "row", "manager"}


def test_no_file_breaks_what_takes_evidence(ground: Ground) -> None:
    before, to = digest(), f"/c/big/discussion/factory/{ground.world.factory.pk}/"
    for name, data in FILES:
        file = SimpleUploadedFile(name, data, content_type="application/pdf")
        answer, written = send(ground, ground.browser(), to, {"file": file, "note": "x"}, before, refuse=True)
        if answer is not None and (written or answer.status_code != 422):
            ground.note("POST", to, name, f"taken with {answer.status_code}")
    ground.all_is_well()
    ground.browser().post(to, {"file": SimpleUploadedFile("x.pdf", PDF, content_type="text/html"), "note": "x"})
    assert Attachment.objects.latest("pk").media_type == "application/pdf", "what the browser says of a file is believed"


def test_nothing_is_taken_without_the_token_of_a_form(ground: Ground) -> None:
    before, client = digest(), Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)
    client.force_login(ground.people["editor"])
    for route in routes():
        # The link of a letter needs no token: it is signed itself.
        if route.name.startswith(("cluster:", "production:")) and route.name != "cluster:unsubscribe":
            sent = {"csrfmiddlewaretoken": "x" * 64, "reason": "x"}
            answer, written = send(ground, client, ground.address(route), sent, before, refuse=True)
            if answer is not None and (answer.status_code != 403 or written or b"Nothing was saved" not in answer.content):
                ground.note("POST", ground.address(route), "", f"{answer.status_code} without a token")
    ground.all_is_well()
    assert ground.statuses[403] > 100, "few addresses were asked for"
