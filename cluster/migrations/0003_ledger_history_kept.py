"""The ledger's history refuses TRUNCATE too, as the ledger itself does."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("cluster", "0002_money"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_table",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: correct an error by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="a433d24da18f8c75c9cb62ea48f1f95a89c0566a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_append_only_table_07143",
                    table="cluster_ledgerentryevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
