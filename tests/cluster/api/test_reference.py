"""The OpenAPI description: valid, complete, with examples that the API really gives; and the page that shows it."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.conf import settings
from django.core.management import call_command
from openapi_spec_validator import OpenAPIV31SpecValidator
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.services.access import ensure_roles
from tests.cluster.api.world import BASE, NOUNS, World, token_client
from tests.factories import make_user

RECORDED = {"id", "baseline", "recorded_at", "as_of"}
# Serializer -> where the public record, as it is loaded, gives this very example.
FROM_THE_RECORD = {
    "ContractSerializer": "contracts/?code=avtotor",
    "PartySerializer": "parties/",
    "AmendmentSerializer": "amendments/",
    "FactorySerializer": "factories/?code=F01",
    "SourceSerializer": "sources/?key=tass_2024_04",
    "MilestoneSerializer": "milestones/?code=F01-OPEN",
    "ExchangeRateSerializer": "exchange-rates/?date=2024-04-13",
    "BudgetLineSerializer": "budget-lines/",
    "BrandSerializer": "brands/",
    "VehicleModelSerializer": "vehicle-models/",
    "BrandShareSerializer": "brand-shares/",
    "PlanRevisionSerializer": "plan-revisions/?year=2024",
    "OutputSerializer": "outputs/?year=2024&in_use=true",
    "CapacitySerializer": "capacities/",
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The OpenAPI description as the site serves it."""
    found: dict[str, Any] = json.loads(APIClient().get(f"{BASE}schema/").content)
    return found


def examples() -> dict[str, Any]:
    """Every example file, joined."""
    root = Path(settings.BASE_DIR)
    found: dict[str, Any] = {}
    for name in ("cluster", "production"):
        found |= json.loads((root / name / "api" / "examples.json").read_text(encoding="utf-8"))
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation."""
    return [(path, method, found) for path, methods in description["paths"].items() for method, found in methods.items()]


def test_the_description_is_valid_openapi_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(description).validate()


def test_the_generator_has_nothing_to_warn_of(tmp_path: Path) -> None:
    written = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))
    assert written.read_text(encoding="utf-8").startswith("openapi: 3.1")


def test_every_noun_and_every_write_is_described(description: dict[str, Any]) -> None:
    paths = set(description["paths"])
    assert {f"{BASE}{noun}/" for noun in NOUNS} | {f"{BASE}{noun}/{{id}}/" for noun in NOUNS} <= paths
    writes = {path for path, method, _found in operations(description) if method == "post"}
    assert writes == {
        f"{BASE}milestones/",
        f"{BASE}milestones/estimates/",
        f"{BASE}milestones/{{id}}/forecast-revisions/",
        f"{BASE}milestones/{{id}}/forecast-preview/",
        f"{BASE}milestones/{{id}}/progress/",
        f"{BASE}dependencies/",
        f"{BASE}calendar-exceptions/",
        f"{BASE}baselines/",
        f"{BASE}baselines/{{id}}/approval/",
        f"{BASE}baselines/{{id}}/budget-lines/",
        f"{BASE}baselines/{{id}}/dates/",
        f"{BASE}forecast-revisions/confirm/",
        f"{BASE}budget-lines/",
        f"{BASE}ledger-entries/",
        f"{BASE}ledger-entries/bulk/",
        f"{BASE}ledger-entries/{{id}}/reversal/",
        f"{BASE}outputs/",
        f"{BASE}exchange-rates/",
        f"{BASE}exchange-rates/{{id}}/accept/",
        f"{BASE}exchange-rates/{{id}}/reject/",
        f"{BASE}job-runs/",
        f"{BASE}risk-runs/",
        f"{BASE}risk-runs/{{id}}/cancel/",
        f"{BASE}delay-flags/{{id}}/acknowledgement/",
        f"{BASE}comments/",
        f"{BASE}comments/{{id}}/withdrawal/",
        f"{BASE}attachments/",
        f"{BASE}attachments/{{id}}/withdrawal/",
        f"{BASE}submissions/",
        f"{BASE}subscriptions/",
        f"{BASE}subscriptions/{{id}}/send-now/",
    }


def test_every_operation_says_what_it_does_and_what_may_go_wrong(description: dict[str, Any]) -> None:
    for path, method, found in operations(description):
        assert found.get("summary"), path
        assert found.get("description"), path
        assert {"401", "404", "429", "503"} <= set(found["responses"]), path
        for parameter in found.get("parameters", []):
            assert parameter.get("description") or parameter["in"] == "path", (path, parameter["name"])
        if method == "post":
            assert {"403", "422"} <= set(found["responses"]), path
            assert {"200", "201"} & set(found["responses"]), path
    revise = description["paths"][f"{BASE}milestones/{{id}}/forecast-revisions/"]["post"]
    assert {"412", "428"} <= set(revise["responses"])


def test_every_answer_and_every_body_has_an_example_that_fits_its_schema(description: dict[str, Any]) -> None:
    for path, method, found in operations(description):
        bodies = {status: response.get("content", {}) for status, response in found["responses"].items()}
        for where, contents in (bodies | {"body": found.get("requestBody", {}).get("content", {})}).items():
            for content in contents.values():
                values = [example["value"] for example in content.get("examples", {}).values()] or [content.get("example")]
                assert None not in values, f"{method} {path} {where}"
                for value in values:
                    assert misfits(value, content, description) == [], f"{method} {path} {where}"


def misfits(value: Any, content: dict[str, Any], description: dict[str, Any]) -> list[str]:
    """What of a value contradicts the schema of that content."""
    schema = {**content["schema"], "components": description["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


def bare(value: Any) -> Any:
    """Without what differs from one installation to the next."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in RECORDED}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.django_db
def test_the_examples_are_what_the_api_gives_for_the_public_record() -> None:
    ensure_roles()
    call_command("load_public_record", verbosity=0)
    client = token_client(make_user(Role.AUDITOR))
    for name, address in FROM_THE_RECORD.items():
        example = examples()[name]
        given = client.get(f"{BASE}{address}").json()["results"][0]
        assert bare(given) | {"usd": None} == bare(example) | {"usd": None}, name


@pytest.mark.django_db
def test_what_the_api_gives_fits_the_description(world: World, description: dict[str, Any]) -> None:
    client = token_client(make_user(Role.EDITOR))
    owner = token_client(world.objects["subscriptions"].user)  # type: ignore[attr-defined]
    for noun in NOUNS:
        answer = client.get(world.address(noun))
        answer = answer if answer.status_code == 200 else owner.get(world.address(noun))
        content = description["paths"][f"{BASE}{noun}/{{id}}/"]["get"]["responses"]["200"]["content"]["application/json"]
        assert misfits(answer.json(), content, description) == [], noun


def test_the_description_is_in_english_for_everybody() -> None:
    russian = APIClient(HTTP_ACCEPT_LANGUAGE="ru").get(f"{BASE}schema/").content
    assert russian == APIClient(HTTP_ACCEPT_LANGUAGE="en").get(f"{BASE}schema/").content


def test_the_page_loads_its_own_files_only_and_has_no_inline_code() -> None:
    response = APIClient().get(f"{BASE}docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "http://" not in page
    assert "https://" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count("<script src=")
    assert "unsafe" not in response["Content-Security-Policy"]
    script = APIClient().get(f"{BASE}docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()
