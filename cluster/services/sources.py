"""Sources that people name while they record something, what they claim, and which of competing claims is in use."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import pghistory
from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.models import Claim, Source, User
from cluster.queries.claims import rivals_of, state_of
from cluster.services.access import require
from cluster.services.records import add_record, save_record


def document_source(document: str, *, contract_id: int, factory_id: int | None, today: date) -> Source:
    """A source for a document that is not on the web, reused when it was named before for the same contract and factory."""
    document = document.strip()
    existing = Source.objects.filter(document=document, contract=contract_id, factory=factory_id).first()
    if existing is not None:
        return existing
    source = Source(
        key=f"doc-{uuid.uuid4().hex[:12]}",
        title_ru=document,
        title_en=document,
        document=document,
        contract_id=contract_id,
        factory_id=factory_id,
    )
    source.published = DateWindow.day(today)
    source.full_clean()
    source.save()
    return source


@transaction.atomic
def add_source(values: Mapping[str, Any], *, by: User, reason: str = "") -> Source:
    """A source to rest claims on; without a key it gets one of its content. The same one sent twice is one. Raises as add_record does."""
    content = repr(sorted((name, value) for name, value in values.items() if name != "key"))
    key = values.get("key") or f"src-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    return add_record(Source, {**values, "key": key}, by=by, change_reason=reason)


@transaction.atomic
def record_claim(values: Mapping[str, Any], *, by: User, reason: str = "") -> Claim:
    """What a source says of a figure. Where nothing competes with it, it is in use; else a person chooses, see choose_claim.

    The same claim sent twice is one claim. Raises as add_record does.
    """
    claim = add_record(Claim, values, by=by, change_reason=reason)
    if not claim.in_use and not rivals_of(claim).exclude(pk=claim.pk).exists() and not _was_decided(claim):
        claim.in_use = True
        save_record(claim, by=by, change_reason=reason, changed={"in_use"})
    return claim


def _was_decided(claim: Claim) -> bool:
    """Whether it was in use before: then somebody took it out of use on purpose."""
    return bool(claim.history.filter(in_use=True).exists())  # type: ignore[attr-defined]


@transaction.atomic
def choose_claim(*, claim_id: int, reason_ru: str, reason_en: str, by: User, version: int) -> Claim:
    """Put one of competing claims in use, and say why. `version` is the state of all of them that the person saw, see state_of.

    The reason stands at the claim; the one that was in use before gives way and loses its own, which the history keeps. What stands
    there already is no change. Raises NotFound, Forbidden, Conflict, or DomainError naming the field.
    """
    claim, rivals = _held(claim_id, by)
    if not (reason_ru or reason_en):
        raise DomainError("Say why this claim is in use.", field="reason_ru", code="required")
    if claim.in_use and (claim.reason_ru, claim.reason_en) == (reason_ru, reason_en):
        return claim
    _refuse_stale(claim, version)
    with pghistory.context():
        _release([rival for rival in rivals if rival.pk != claim.pk], by, "")
        claim.in_use, claim.reason_ru, claim.reason_en = True, reason_ru, reason_en
        save_record(claim, by=by, changed={"in_use", "reason_ru", "reason_en"})
    return claim


@transaction.atomic
def withdraw_choice(*, claim_id: int, reason: str, by: User, version: int) -> Claim:
    """Leave a figure undecided: none of the claims that compete with this one, nor itself, is in use any more. The history keeps why.

    Raises NotFound, Forbidden, Conflict, or DomainError naming the field.
    """
    claim, rivals = _held(claim_id, by)
    if not reason:
        raise DomainError("Say why none of them is in use.", field="reason_ru", code="required")
    if any(rival.in_use for rival in rivals):
        _refuse_stale(claim, version)
        with pghistory.context():
            _release(rivals, by, reason)
    return claim


def _held(claim_id: int, by: User) -> tuple[Claim, list[Claim]]:
    """The claim and all that compete with it, itself among them, locked in one order."""
    found = Claim.objects.for_reader(by).filter(pk=claim_id).first()
    if found is None:
        raise NotFound("There is no such claim.", field="claim", code="choice")
    require(by, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    rivals = list(rivals_of(found).select_for_update(of=("self",)).order_by("pk"))
    claim = next((rival for rival in rivals if rival.pk == found.pk), None)
    if claim is None:
        raise Conflict("Somebody changed these claims since you opened the page: look at them again.", current=found)
    return claim, rivals


def _refuse_stale(claim: Claim, version: int) -> None:
    if state_of(claim) != version:
        raise Conflict("Somebody changed these claims since you opened the page: look at them again.", current=claim)


def _release(claims: list[Claim], by: User, reason: str) -> None:
    for claim in claims:
        if claim.in_use:
            claim.in_use, claim.reason_ru, claim.reason_en = False, "", ""
            save_record(claim, by=by, change_reason=reason, changed={"in_use", "reason_ru", "reason_en"})
