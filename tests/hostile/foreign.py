"""Rows of others, put into the boxes that name rows."""

import difflib
import re
from typing import Any

from django.test import Client

from tests.hostile.forms import Box
from tests.hostile.ground import Ground
from tests.hostile.sending import Found, send

# What a box, or an argument of an address with `_id`, names a row of. Sources are read by everybody.
NOUN_OF = {
    "factory": "factories", "milestone": "milestones", "predecessor": "milestones", "successor": "milestones", "row": "milestones",
    "baseline": "baselines", "copy_from": "baselines", "amendment": "amendments", "claim": "claims", "party": "parties",
    "line": "budget-lines",
    "brand": "brands", "vehicle_model": "vehicle-models", "model": "vehicle-models", "plan": "plan-revisions", "capacity": "capacities",
    "entry": "ledger-entries", "flag": "delay-flags", "comment": "comments", "attachment": "attachments", "dependency": "dependencies",
    "exception": "calendar-exceptions", "report": "board-reports", "submission": "submissions", "factories": "factories",
    "belongs": "factories", "manager": "people", "responsible": "people", "owed_by": "people", "escalates_to": "people",
}  # fmt: skip
# What belongs to a factory: only this can be somebody else's for a plant manager of the contract.
OF_A_FACTORY = {
    "factories", "milestones", "claims", "budget-lines", "ledger-entries", "delay-flags", "comments", "attachments", "dependencies",
    "calendar-exceptions", "submissions",
}  # fmt: skip
NO_ROW = {"pk": 918273645, "code": "no-such"}


def of_others(ground: Ground, who: str, name: str) -> Any:
    """A row that this person does not see, of the kind that the name tells; None where it tells none."""
    noun = NOUN_OF.get(name.removesuffix("_id"), "")
    return ground.elsewhere[who].get(noun) if who == "editor" or noun in OF_A_FACTORY else None


def told(answer: Any) -> str:
    """What an answer says, without numbers, values and tokens, which differ each time."""
    return f"{answer.status_code // 100}\n" + re.sub(r'value="[^"]*"|"X-CSRFToken": "\w+"|\d+', "", answer.content.decode())


def key_in(box: Box) -> str:
    """By what a box names rows."""
    named = [one for one in (*(box.choices or ()), *box.values) if one]
    return "pk" if not named or any(one.isdigit() for one in named) else "code"


def name_others(ground: Ground, client: Client, found: Found, typed: dict[str, list[str]], before: dict[str, str]) -> set[str]:
    """Send a form with a row of others in each box that names one: refused, in the words for one that there is not. Names of the boxes."""
    named = set()
    for box in found.form.boxes.values():
        row = of_others(ground, found.who, box.name)
        if row is None or box.kind == "submit":
            continue
        named.add(box.name)
        key, said = key_in(box), []
        for value in (getattr(row, key), NO_ROW[key]):
            # What was done before and taken back is still told on the next page.
            client.cookies.pop("messages", None)
            answer, written = send(ground, client, found.to, typed | {box.name: [str(value)]}, before, refuse=True)
            if written:
                ground.note("POST", found.to, {box.name: value}, f"{found.who} wrote to {written}")
            said.append(told(answer) if answer is not None else "")
        if said[0] != said[1]:
            words = list(difflib.unified_diff(said[0].split("\n"), said[1].split("\n"), n=0, lineterm=""))[3:]
            ground.note("POST", found.to, {box.name: row.pk}, f"{found.who} is told that it is there: {words[:4]}")
    return named
