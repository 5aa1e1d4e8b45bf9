"""Lists that grow with the number of contracts: their first page is read by an index, not sorted out of every row there is."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cluster.api.records import Records, own_order
from cluster.api.urls import router as cluster_router
from cluster.domain.access import Role
from cluster.services.scale import load_scale
from production.api.urls import router as production_router
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_user

VIEWS = [view for router in (cluster_router, production_router) for _prefix, view, _name in router.registry if issubclass(view, Records)]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_the_usual_order_of_a_list_needs_no_other_table(view: Any) -> None:
    model = view.queryset.model
    sql = str(model._base_manager.order_by(*own_order(model)).query)
    tables = set(re.findall(r'"(\w+)"\."\w+"', sql.partition(" ORDER BY ")[2]))
    assert tables <= {model._meta.db_table}
    assert " JOIN " not in sql


def test_the_first_page_of_all_budget_lines_is_read_in_the_order_of_an_index(db: None) -> None:
    load_scale(1, now=timezone.now(), progress=lambda done, total: None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cluster_budgetline")
    client = token_client(make_user(Role.EDITOR))
    with CaptureQueriesContext(connection) as captured:
        assert len(client.get(f"{BASE}budget-lines/").json()["results"]) == 50
    (page,) = (query["sql"] for query in captured if 'FROM "cluster_budgetline"' in query["sql"] and " LIMIT " in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using budget_line_once" in plan
    assert "Sort" not in plan
