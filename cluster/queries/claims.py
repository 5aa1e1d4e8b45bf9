"""Competing claims as they stand now: who says what about one figure and time, and which of them was in use when, and why."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import F, Max, QuerySet

from cluster.domain.errors import NotFound
from cluster.models import Claim, Contract, User
from cluster.models.names import in_language
from cluster.models.scope import Reader
from cluster.queries.figures import PLACE


@dataclass(frozen=True, slots=True)
class Choice:
    """From a moment on one claim was in use (None: none of them), chosen by somebody (None: not for this reader, or nobody) and why."""

    at: datetime
    claim: Claim | None
    reason_ru: str
    reason_en: str
    by: str | None
    by_somebody: bool

    @property
    def reason(self) -> str:
        """Why, in the active language."""
        return in_language(self.reason_ru, self.reason_en)


def claim_for(reader: Reader, contract: Contract, claim_id: int) -> Claim:
    """A claim of the contract as it stands now, or NotFound."""
    rows = Claim.objects.for_reader(reader).select_related("contract", "factory", "milestone", "source")
    found = rows.filter(contract=contract, pk=claim_id).first()
    if found is None:
        raise NotFound("There is no such claim.", field="claim")
    return found


def rivals_of(claim: Claim) -> "QuerySet[Claim]":
    """All claims about the same figure, of the same time; the claim itself among them. Who sees one of them sees all."""
    place = {name: getattr(claim, name) for name in PLACE}
    rows: QuerySet[Claim] = Claim.objects.filter(
        **{f"{name}__isnull" if value is None else name: True if value is None else value for name, value in place.items()}
    )
    return rows


def side_by_side(claim: Claim) -> list[Claim]:
    """The claims that compete, the one in use first, then the newest: one statement."""
    rows = rivals_of(claim).select_related("source", "factory", "milestone", "conversion__rate")
    return list(rows.order_by("-in_use", F("announced_latest").desc(nulls_last=True), "pk"))


def state_of(claim: Claim) -> int:
    """The newest event of the claims that compete with this one: what changes whenever one of them does."""
    newest = _events().filter(pgh_obj__in=rivals_of(claim)).aggregate(newest=Max("pgh_id"))["newest"]
    return int(newest or 0)


def choices_made(claims: list[Claim], *, named: bool) -> list[Choice]:
    """Which of the claims was in use from when on, and why, the newest first: two statements. Who chose is told if `named`."""
    told = list(_events().filter(pgh_obj__in=[claim.pk for claim in claims]).select_related("pgh_context").order_by("pgh_id"))
    names = _names(told) if named else {}
    by_id = {claim.pk: claim for claim in claims}
    used: dict[int, Any] = {}
    made: list[Choice] = []
    before: tuple[Any, ...] = (None, "", "")
    for _key, together in groupby(told, key=lambda event: event.pgh_context_id or f"event {event.pgh_id}"):
        for event in together:
            used[event.pgh_obj_id] = event if event.in_use else None
        last = event
        chosen = next((one for one in used.values() if one is not None), None)
        now = (chosen.pgh_obj_id, chosen.reason_ru, chosen.reason_en) if chosen else (None, "", "")
        if now == before:
            continue
        before = now
        context = last.pgh_context.metadata if last.pgh_context else {}
        why = (chosen.reason_ru, chosen.reason_en) if chosen else (str(context.get("reason") or ""), "")
        person = context.get("user")
        claim = by_id.get(chosen.pgh_obj_id) if chosen else None
        made.append(Choice(last.pgh_created_at, claim, why[0], why[1], names.get(person), person is not None))
    return made[::-1]


def _events() -> Any:
    events: Any = Claim._meta.get_field("history").related_model
    return events.objects


def _names(events: list[Any]) -> dict[Any, str]:
    people = {event.pgh_context.metadata.get("user") for event in events if event.pgh_context}
    found = User.objects.in_bulk([person for person in people if isinstance(person, int)])
    return {key: person.get_full_name() or person.username for key, person in found.items()}
