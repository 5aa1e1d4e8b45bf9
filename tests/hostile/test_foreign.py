"""A plant manager, and in addresses an editor, who name rows of others: refused like one that there is not, nothing written or told."""

import pytest

from tests.hostile.foreign import NO_ROW, name_others, of_others
from tests.hostile.ground import Ground, digest, routes
from tests.hostile.sending import found_on, send, usual

pytestmark = pytest.mark.django_db


def test_no_box_of_a_manager_takes_a_row_of_others_or_tells_of_it(ground: Ground) -> None:
    before, named = digest(), set()
    for found in list(found_on(ground, "manager")):
        named |= name_others(ground, ground.client("manager"), found, found.form.filled(usual()), before)
    ground.all_is_well()
    assert named >= {"factory", "factories", "flag"}


def test_no_address_leads_to_a_row_of_others(ground: Ground) -> None:
    before = digest()
    for route in routes():
        if not route.name.startswith(("cluster:", "production:")):
            continue
        for who in ("editor", "manager"):
            for name in route.arguments:
                row = of_others(ground, who, name)
                if row is None:
                    continue
                key = "pk" if name.endswith("_id") else "code"
                here, nowhere = (ground.address(route, **{name: value}) for value in (getattr(row, key), NO_ROW[key]))
                client, said = ground.browser(who), []
                for address in (here, nowhere):
                    answer, written = send(ground, client, address, {"reason": "x"}, before, refuse=True)
                    if answer is not None and answer.status_code == 405:
                        answer = ground.ask(client, "GET", address)
                    if written or answer is None or answer.status_code < 400:
                        ground.note("POST", address, "", f"{who} is let in, and wrote to {written}")
                    said.append(answer and answer.status_code)
                if said[0] != said[1]:
                    ground.note("POST", here, "", f"{who} is told that it is there: {said}")
    ground.all_is_well()
    assert ground.statuses[404] > 100, "few addresses were asked for"
