"""Money: budgets with reasons under frozen baselines, lean stored dollars and what is due for conversion, dependencies."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cluster', '0001_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetConversion',
            fields=[
                ('usd', models.DecimalField(decimal_places=2, max_digits=22, verbose_name='amount, USD')),
                ('stale', models.BooleanField(default=False, verbose_name='with a stale rate')),
                ('converted_at', models.DateTimeField(verbose_name='converted at')),
                ('line', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='conversion', serialize=False, to='cluster.budgetline', verbose_name='budget line')),
            ],
            options={
                'verbose_name': 'conversion of a budget line',
                'verbose_name_plural': 'conversions of budget lines',
            },
        ),
        migrations.CreateModel(
            name='ClaimConversion',
            fields=[
                ('usd', models.DecimalField(decimal_places=2, max_digits=22, verbose_name='amount, USD')),
                ('stale', models.BooleanField(default=False, verbose_name='with a stale rate')),
                ('converted_at', models.DateTimeField(verbose_name='converted at')),
                ('claim', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='conversion', serialize=False, to='cluster.claim', verbose_name='claim')),
            ],
            options={
                'verbose_name': 'conversion of a claim',
                'verbose_name_plural': 'conversions of claims',
            },
        ),
        migrations.CreateModel(
            name='ConversionDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ledger', 'ledger entries'), ('budget', 'budget lines'), ('claims', 'claims'), ('rates', 'exchange rates')], max_length=6, verbose_name='kind')),
                ('first', models.BigIntegerField(verbose_name='first id')),
                ('last', models.BigIntegerField(verbose_name='last id')),
            ],
            options={
                'verbose_name': 'conversion that is due',
                'verbose_name_plural': 'conversions that are due',
            },
        ),
        migrations.CreateModel(
            name='Dependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('FS', 'finish to start'), ('SS', 'start to start'), ('FF', 'finish to finish'), ('SF', 'start to finish')], default='FS', max_length=2, verbose_name='type')),
                ('lag_days', models.SmallIntegerField(default=0, verbose_name='lag, working days')),
            ],
            options={
                'verbose_name': 'dependency',
                'verbose_name_plural': 'dependencies',
                'ordering': ['successor', 'predecessor'],
            },
        ),
        migrations.CreateModel(
            name='DependencyEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('type', models.CharField(choices=[('FS', 'finish to start'), ('SS', 'start to start'), ('FF', 'finish to finish'), ('SF', 'start to finish')], default='FS', max_length=2, verbose_name='type')),
                ('lag_days', models.SmallIntegerField(default=0, verbose_name='lag, working days')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LedgerConversion',
            fields=[
                ('usd', models.DecimalField(decimal_places=2, max_digits=22, verbose_name='amount, USD')),
                ('stale', models.BooleanField(default=False, verbose_name='with a stale rate')),
                ('converted_at', models.DateTimeField(verbose_name='converted at')),
                ('entry', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='conversion', serialize=False, to='cluster.ledgerentry', verbose_name='ledger entry')),
            ],
            options={
                'verbose_name': 'conversion of a ledger entry',
                'verbose_name_plural': 'conversions of ledger entries',
            },
        ),
        migrations.RemoveField(
            model_name='conversion',
            name='budget_line',
        ),
        migrations.RemoveField(
            model_name='conversion',
            name='claim',
        ),
        migrations.RemoveField(
            model_name='conversion',
            name='ledger_entry',
        ),
        migrations.RemoveField(
            model_name='conversion',
            name='rate',
        ),
        migrations.RemoveField(
            model_name='conversion',
            name='replaced',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='baseline',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budgetline',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budgetline',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budgetline',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='exchangerate',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='exchangerate',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='exchangerate',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='milestone',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='milestone',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='milestone',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='baseline',
            name='reason',
            field=models.TextField(blank=True, verbose_name='why it was proposed'),
        ),
        migrations.AddField(
            model_name='baselineevent',
            name='reason',
            field=models.TextField(blank=True, verbose_name='why it was proposed'),
        ),
        migrations.AddField(
            model_name='budgetline',
            name='reason',
            field=models.TextField(blank=True, help_text='What changed against the baseline before.', verbose_name='why this amount'),
        ),
        migrations.AddField(
            model_name='budgetline',
            name='recorded_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='budgetlineevent',
            name='reason',
            field=models.TextField(blank=True, help_text='What changed against the baseline before.', verbose_name='why this amount'),
        ),
        migrations.AddField(
            model_name='budgetlineevent',
            name='recorded_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='exchangerate',
            name='recorded_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='exchangerateevent',
            name='recorded_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='jobrun',
            name='params',
            field=models.JSONField(blank=True, default=dict, verbose_name='what was asked for'),
        ),
        migrations.AddField(
            model_name='milestone',
            name='duration_days',
            field=models.PositiveIntegerField(blank=True, help_text='The work before it; 0 is a mere date. Empty: not known.', null=True, verbose_name='duration, working days'),
        ),
        migrations.AddField(
            model_name='milestoneevent',
            name='duration_days',
            field=models.PositiveIntegerField(blank=True, help_text='The work before it; 0 is a mere date. Empty: not known.', null=True, verbose_name='duration, working days'),
        ),
        migrations.AlterField(
            model_name='exchangerate',
            name='quality',
            field=models.CharField(choices=[('official', 'official, as published by the bank'), ('captured', 'official, as captured by a third party'), ('press', 'official, as printed by the press'), ('manual', 'entered by a person')], default='official', max_length=8, verbose_name='quality'),
        ),
        migrations.AlterField(
            model_name='exchangerateevent',
            name='quality',
            field=models.CharField(choices=[('official', 'official, as published by the bank'), ('captured', 'official, as captured by a third party'), ('press', 'official, as printed by the press'), ('manual', 'entered by a person')], default='official', max_length=8, verbose_name='quality'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='name',
            field=models.CharField(choices=[('fetch_rates', 'fetch rates'), ('backfill_rates', 'fetch the rates of a past time'), ('convert', 'convert roubles to dollars'), ('flag_delays', 'flag delays'), ('sweep', 'sweep')], max_length=20, verbose_name='job'),
        ),
        migrations.AddIndex(
            model_name='budgetline',
            index=models.Index(condition=models.Q(('announced_latest__isnull', False)), fields=['announced_latest'], name='budget_line_announced'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['date'], name='ledger_date'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['amount_rub', 'document'], name='ledger_amount_document'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_baselineevent" ("amendment_id", "approved_by_id", "contract_id", "id", "in_force_from", "kind", "name_en", "name_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") VALUES (NEW."amendment_id", NEW."approved_by_id", NEW."contract_id", NEW."id", NEW."in_force_from", NEW."kind", NEW."name_en", NEW."name_ru", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason"); RETURN NULL;', hash='a4b1c40bb52bd430d50b269de3d3ceeb5669c92f', operation='INSERT', pgid='pgtrigger_insert_insert_890a8', table='cluster_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "cluster_baselineevent" ("amendment_id", "approved_by_id", "contract_id", "id", "in_force_from", "kind", "name_en", "name_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") VALUES (NEW."amendment_id", NEW."approved_by_id", NEW."contract_id", NEW."id", NEW."in_force_from", NEW."kind", NEW."name_en", NEW."name_ru", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason"); RETURN NULL;', hash='c0deb153858a7ecd486e51ccd19039ffd001833f', operation='UPDATE', pgid='pgtrigger_update_update_4ea93', table='cluster_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_baselineevent" ("amendment_id", "approved_by_id", "contract_id", "id", "in_force_from", "kind", "name_en", "name_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") VALUES (OLD."amendment_id", OLD."approved_by_id", OLD."contract_id", OLD."id", OLD."in_force_from", OLD."kind", OLD."name_en", OLD."name_ru", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason"); RETURN NULL;', hash='d5bb0115ee3e8018c669a57b400eee4267f2fb21', operation='DELETE', pgid='pgtrigger_delete_delete_2c36d', table='cluster_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='approved_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.kind = 'approved' AND (OLD.kind, OLD.in_force_from, OLD.amendment_id, OLD.approved_by_id) IS DISTINCT FROM (NEW.kind, NEW.in_force_from, NEW.amendment_id, NEW.approved_by_id))", func="RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation';", hash='217d1d8be9e86d528cee56c8fec9c14ddf739bb8', operation='UPDATE', pgid='pgtrigger_approved_stays_b8d28', table='cluster_baseline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='approved_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."kind" = \'approved\')', func="RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation';", hash='c3cd95c5f53a7ae9a492d518e04391483d0badef', operation='DELETE', pgid='pgtrigger_approved_is_kept_37698', table='cluster_baseline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baseline',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_lines', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."in_force_from" IS DISTINCT FROM (NEW."in_force_from"))', func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM cluster_budgetline WHERE baseline_id = NEW.id) AS due; RETURN NULL;", hash='cf0e654f1459d5f2d4171313c2297da6a8b21892', operation='UPDATE', pgid='pgtrigger_conversion_due_lines_a022c', table='cluster_baseline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baselinemilestone',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nPERFORM 1 FROM cluster_baseline WHERE id = ANY (ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.baseline_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.baseline_id END]) FOR SHARE;\nIF EXISTS (SELECT 1 FROM cluster_baseline WHERE id = ANY (ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.baseline_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.baseline_id END]) AND kind = 'approved') THEN\n    RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation';\nEND IF;\nRETURN coalesce(NEW, OLD);\n", hash='cd324bbdc801d95ceedb3fa1bd47c9ab5c5de961', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_77ee5', table='cluster_baselinemilestone', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='baselinemilestone',
            trigger=pgtrigger.compiler.Trigger(name='frozen_table', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF EXISTS (SELECT 1 FROM cluster_baseline WHERE kind = 'approved') THEN RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL;", hash='c1ed409c9b2723016770c1d5eeb891b9ec386f20', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_frozen_table_20794', table='cluster_baselinemilestone', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_budgetlineevent" ("amount_rub", "announced_earliest", "announced_latest", "announced_precision", "baseline_id", "category", "factory_id", "funding", "id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "recorded_at", "recorded_by_id", "source_id") VALUES (NEW."amount_rub", NEW."announced_earliest", NEW."announced_latest", NEW."announced_precision", NEW."baseline_id", NEW."category", NEW."factory_id", NEW."funding", NEW."id", NEW."month", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."recorded_at", NEW."recorded_by_id", NEW."source_id"); RETURN NULL;', hash='4b04a89d97be7086ce7ac92cb89696919e4613bb', operation='INSERT', pgid='pgtrigger_insert_insert_af188', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "cluster_budgetlineevent" ("amount_rub", "announced_earliest", "announced_latest", "announced_precision", "baseline_id", "category", "factory_id", "funding", "id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "recorded_at", "recorded_by_id", "source_id") VALUES (NEW."amount_rub", NEW."announced_earliest", NEW."announced_latest", NEW."announced_precision", NEW."baseline_id", NEW."category", NEW."factory_id", NEW."funding", NEW."id", NEW."month", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."recorded_at", NEW."recorded_by_id", NEW."source_id"); RETURN NULL;', hash='a0932ec487f2e8ba7bfa06e6e06e7489fd7df3d5', operation='UPDATE', pgid='pgtrigger_update_update_daa02', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_budgetlineevent" ("amount_rub", "announced_earliest", "announced_latest", "announced_precision", "baseline_id", "category", "factory_id", "funding", "id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "recorded_at", "recorded_by_id", "source_id") VALUES (OLD."amount_rub", OLD."announced_earliest", OLD."announced_latest", OLD."announced_precision", OLD."baseline_id", OLD."category", OLD."factory_id", OLD."funding", OLD."id", OLD."month", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."recorded_at", OLD."recorded_by_id", OLD."source_id"); RETURN NULL;', hash='67b0640fc1218bb85a219b7401f6a52af3b6e6ac', operation='DELETE', pgid='pgtrigger_delete_delete_df408', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nPERFORM 1 FROM cluster_baseline WHERE id = ANY (ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.baseline_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.baseline_id END]) FOR SHARE;\nIF EXISTS (SELECT 1 FROM cluster_baseline WHERE id = ANY (ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.baseline_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.baseline_id END]) AND kind = 'approved') THEN\n    RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation';\nEND IF;\nRETURN coalesce(NEW, OLD);\n", hash='8549cd459aa017e7b640a710ba152f35394e30a7', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_926a2', table='cluster_budgetline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='frozen_table', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF EXISTS (SELECT 1 FROM cluster_baseline WHERE kind = 'approved') THEN RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL;", hash='6a418e28e4dd865e8b481d269c118ae63c0e552b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_frozen_table_436cb', table='cluster_budgetline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='drops_conversion', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM cluster_budgetconversion WHERE line_id = OLD.id; RETURN NULL;', hash='0f24c5857103e117768460f0bf17b497ff8464c7', operation='DELETE', pgid='pgtrigger_drops_conversion_48f87', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', min(id), max(id) FROM new_rows HAVING count(*) > 0; RETURN NULL;", hash='2ce563b786e68f3f9f3e426a57b461e085c35f84', level='STATEMENT', operation='INSERT', pgid='pgtrigger_conversion_due_insert_00019', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetline',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM new_rows) AS due; RETURN NULL;", hash='482eea469bf072ec516e2ddd9b02c2986eaccea7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_conversion_due_update_1321b', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_budgetline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claim',
            trigger=pgtrigger.compiler.Trigger(name='drops_conversion', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM cluster_claimconversion WHERE claim_id = OLD.id; RETURN NULL;', hash='c1cef84f7286e8283b812e2e6de31571ea7839c9', operation='DELETE', pgid='pgtrigger_drops_conversion_74f4d', table='cluster_claim', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claim',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'claims', min(id), max(id) FROM new_rows HAVING count(*) > 0; RETURN NULL;", hash='90981e5e58191bfb3d436799cba10ea6ab5d87b3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_conversion_due_insert_e113d', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_claim', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claim',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'claims', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM new_rows) AS due; RETURN NULL;", hash='0adfa38a7749f920da7a412db826fed657d518ba', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_conversion_due_update_dd2d6', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_claim', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_exchangerateevent" ("currency", "date", "id", "nominal", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quality", "recorded_at", "recorded_by_id", "revision", "source_en", "source_ru", "status", "value") VALUES (NEW."currency", NEW."date", NEW."id", NEW."nominal", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."quality", NEW."recorded_at", NEW."recorded_by_id", NEW."revision", NEW."source_en", NEW."source_ru", NEW."status", NEW."value"); RETURN NULL;', hash='780952081713acc8fc2b29751f9abc1b08bef422', operation='INSERT', pgid='pgtrigger_insert_insert_a80d0', table='cluster_exchangerate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "cluster_exchangerateevent" ("currency", "date", "id", "nominal", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quality", "recorded_at", "recorded_by_id", "revision", "source_en", "source_ru", "status", "value") VALUES (NEW."currency", NEW."date", NEW."id", NEW."nominal", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."quality", NEW."recorded_at", NEW."recorded_by_id", NEW."revision", NEW."source_en", NEW."source_ru", NEW."status", NEW."value"); RETURN NULL;', hash='b0d150c6447874321c55a58c74d06b95b02f5c2d', operation='UPDATE', pgid='pgtrigger_update_update_9b0b9', table='cluster_exchangerate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_exchangerateevent" ("currency", "date", "id", "nominal", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quality", "recorded_at", "recorded_by_id", "revision", "source_en", "source_ru", "status", "value") VALUES (OLD."currency", OLD."date", OLD."id", OLD."nominal", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."quality", OLD."recorded_at", OLD."recorded_by_id", OLD."revision", OLD."source_en", OLD."source_ru", OLD."status", OLD."value"); RETURN NULL;', hash='d78bc20ea58cf8f3af039472437bfa72367cd009', operation='DELETE', pgid='pgtrigger_delete_delete_7d89d', table='cluster_exchangerate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='f80ff9218af554404bc68806aac0eee4f8cbcbb2', operation='DELETE', pgid='pgtrigger_never_deleted_fa219', table='cluster_exchangerate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='append_only_table', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: correct an error by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='932c6ec4e8dd375084f93be25e16e008033811d9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_append_only_table_31d53', table='cluster_exchangerate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'rates', min(id), max(id) FROM new_rows HAVING count(*) > 0; RETURN NULL;", hash='84b858c78d1cf6747cef9e9a13eb1d33d67e75d2', level='STATEMENT', operation='INSERT', pgid='pgtrigger_conversion_due_insert_805b5', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_exchangerate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'rates', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM new_rows) AS due; RETURN NULL;", hash='8f03acb99be5771514933f26348892f50ceb81e6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_conversion_due_update_6bec9', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_exchangerate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='keeps_its_value', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."date" IS DISTINCT FROM (NEW."date") OR OLD."nominal" IS DISTINCT FROM (NEW."nominal") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."revision" IS DISTINCT FROM (NEW."revision"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='9feb046867fc061526a3c44f9c44e56b82975ac4', operation='UPDATE', pgid='pgtrigger_keeps_its_value_eaf44', table='cluster_exchangerate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ledgerentry',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', min(id), max(id) FROM new_rows HAVING count(*) > 0; RETURN NULL;", hash='8494d5841cf50ece6b9a2a5461ab5b8862804e05', level='STATEMENT', operation='INSERT', pgid='pgtrigger_conversion_due_insert_f3622', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_ledgerentry', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ledgerentry',
            trigger=pgtrigger.compiler.Trigger(name='conversion_due_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', lower(ids), upper(ids) - 1 FROM (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS ids FROM new_rows) AS due; RETURN NULL;", hash='d834d299c66bb85c19431c455fbfd05c2bebba7c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_conversion_due_update_b79b9', referencing='REFERENCING NEW TABLE AS new_rows ', table='cluster_ledgerentry', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ledgerentry',
            trigger=pgtrigger.compiler.Trigger(name='takes_back_one_whole_entry', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."reverses_id" IS NOT NULL)', func="\nIF NOT EXISTS (\n    SELECT 1 FROM cluster_ledgerentry AS entry\n    WHERE entry.id = NEW.reverses_id AND entry.reverses_id IS NULL AND entry.factory_id = NEW.factory_id AND entry.kind = NEW.kind\n      AND entry.amount_rub = -NEW.amount_rub\n) THEN\n    RAISE EXCEPTION 'a reversal takes back one whole entry, of its factory and kind, that is no reversal' USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n", hash='ed5f0bbe9ad93a1b515a0cd7b2ce0f151ea8c6ef', operation='INSERT', pgid='pgtrigger_takes_back_one_whole_entry_235c1', table='cluster_ledgerentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ledgerentryevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only_table', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: correct an error by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='a433d24da18f8c75c9cb62ea48f1f95a89c0566a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_append_only_table_07143', table='cluster_ledgerentryevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='milestone',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_milestoneevent" ("actual_announced_on", "actual_earliest", "actual_latest", "actual_note_en", "actual_note_ru", "actual_precision", "actual_source_id", "code", "contract_id", "duration_days", "factory_id", "id", "kind", "name_en", "name_ru", "not_scored_en", "not_scored_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "responsible_id", "scored", "version") VALUES (NEW."actual_announced_on", NEW."actual_earliest", NEW."actual_latest", NEW."actual_note_en", NEW."actual_note_ru", NEW."actual_precision", NEW."actual_source_id", NEW."code", NEW."contract_id", NEW."duration_days", NEW."factory_id", NEW."id", NEW."kind", NEW."name_en", NEW."name_ru", NEW."not_scored_en", NEW."not_scored_ru", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."responsible_id", NEW."scored", NEW."version"); RETURN NULL;', hash='1a660316b5bbbf5847f0355af453c0f88a1105a7', operation='INSERT', pgid='pgtrigger_insert_insert_776c7', table='cluster_milestone', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='milestone',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "cluster_milestoneevent" ("actual_announced_on", "actual_earliest", "actual_latest", "actual_note_en", "actual_note_ru", "actual_precision", "actual_source_id", "code", "contract_id", "duration_days", "factory_id", "id", "kind", "name_en", "name_ru", "not_scored_en", "not_scored_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "responsible_id", "scored", "version") VALUES (NEW."actual_announced_on", NEW."actual_earliest", NEW."actual_latest", NEW."actual_note_en", NEW."actual_note_ru", NEW."actual_precision", NEW."actual_source_id", NEW."code", NEW."contract_id", NEW."duration_days", NEW."factory_id", NEW."id", NEW."kind", NEW."name_en", NEW."name_ru", NEW."not_scored_en", NEW."not_scored_ru", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."responsible_id", NEW."scored", NEW."version"); RETURN NULL;', hash='4d44deb9406fb8be0f553afbf2914a7c89ba0040', operation='UPDATE', pgid='pgtrigger_update_update_5e239', table='cluster_milestone', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='milestone',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_milestoneevent" ("actual_announced_on", "actual_earliest", "actual_latest", "actual_note_en", "actual_note_ru", "actual_precision", "actual_source_id", "code", "contract_id", "duration_days", "factory_id", "id", "kind", "name_en", "name_ru", "not_scored_en", "not_scored_ru", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "responsible_id", "scored", "version") VALUES (OLD."actual_announced_on", OLD."actual_earliest", OLD."actual_latest", OLD."actual_note_en", OLD."actual_note_ru", OLD."actual_precision", OLD."actual_source_id", OLD."code", OLD."contract_id", OLD."duration_days", OLD."factory_id", OLD."id", OLD."kind", OLD."name_en", OLD."name_ru", OLD."not_scored_en", OLD."not_scored_ru", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."responsible_id", OLD."scored", OLD."version"); RETURN NULL;', hash='3e8d21fd382c77a9c6143ae733b9d55ce3ede229', operation='DELETE', pgid='pgtrigger_delete_delete_4a6c0', table='cluster_milestone', when='AFTER')),
        ),
        migrations.AddField(
            model_name='budgetconversion',
            name='rate',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate'),
        ),
        migrations.AddField(
            model_name='budgetconversion',
            name='replaced',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate used before'),
        ),
        migrations.AddField(
            model_name='claimconversion',
            name='rate',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate'),
        ),
        migrations.AddField(
            model_name='claimconversion',
            name='replaced',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate used before'),
        ),
        migrations.AddConstraint(
            model_name='conversiondue',
            constraint=models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='conversion_due_order'),
        ),
        migrations.AddField(
            model_name='dependency',
            name='predecessor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='successors', to='cluster.milestone', verbose_name='what comes first'),
        ),
        migrations.AddField(
            model_name='dependency',
            name='successor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='predecessors', to='cluster.milestone', verbose_name='what waits'),
        ),
        migrations.AddField(
            model_name='dependencyevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='dependencyevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', related_query_name='history', to='cluster.dependency'),
        ),
        migrations.AddField(
            model_name='dependencyevent',
            name='predecessor',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='cluster.milestone', verbose_name='what comes first'),
        ),
        migrations.AddField(
            model_name='dependencyevent',
            name='successor',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='cluster.milestone', verbose_name='what waits'),
        ),
        migrations.AddField(
            model_name='ledgerconversion',
            name='rate',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate'),
        ),
        migrations.AddField(
            model_name='ledgerconversion',
            name='replaced',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cluster.exchangerate', verbose_name='rate used before'),
        ),
        migrations.DeleteModel(
            name='Conversion',
        ),
        migrations.AddIndex(
            model_name='budgetconversion',
            index=models.Index(condition=models.Q(('replaced__isnull', False)), fields=['replaced'], name='budget_conversion_replaced'),
        ),
        migrations.AddIndex(
            model_name='budgetconversion',
            index=models.Index(fields=['rate'], name='budget_conversion_rate'),
        ),
        migrations.AddIndex(
            model_name='claimconversion',
            index=models.Index(condition=models.Q(('replaced__isnull', False)), fields=['replaced'], name='claim_conversion_replaced'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.UniqueConstraint(fields=('predecessor', 'successor'), name='dependency_once'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.CheckConstraint(condition=models.Q(('predecessor', models.F('successor')), _negated=True), name='dependency_not_on_itself', violation_error_message='A milestone cannot wait for itself.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dependency',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_dependencyevent" ("id", "lag_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "predecessor_id", "successor_id", "type") VALUES (NEW."id", NEW."lag_days", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."predecessor_id", NEW."successor_id", NEW."type"); RETURN NULL;', hash='cb2e57619179d6f70428e205670e263350da9a31', operation='INSERT', pgid='pgtrigger_insert_insert_0daa0', table='cluster_dependency', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dependency',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "cluster_dependencyevent" ("id", "lag_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "predecessor_id", "successor_id", "type") VALUES (NEW."id", NEW."lag_days", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."predecessor_id", NEW."successor_id", NEW."type"); RETURN NULL;', hash='3a2a88c358cfb929d5d88cdb01f4fb22307c4058', operation='UPDATE', pgid='pgtrigger_update_update_ef059', table='cluster_dependency', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dependency',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "cluster_dependencyevent" ("id", "lag_days", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "predecessor_id", "successor_id", "type") VALUES (OLD."id", OLD."lag_days", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."predecessor_id", OLD."successor_id", OLD."type"); RETURN NULL;', hash='2cafee933a99fc0b2429db82b03314600a60dea7', operation='DELETE', pgid='pgtrigger_delete_delete_7fc69', table='cluster_dependency', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dependency',
            trigger=pgtrigger.compiler.Trigger(name='one_contract', sql=pgtrigger.compiler.UpsertTriggerSql(func="\nIF (SELECT count(DISTINCT contract_id) FROM (VALUES ((SELECT contract_id FROM cluster_milestone WHERE id = NEW.predecessor_id)), ((SELECT contract_id FROM cluster_milestone WHERE id = NEW.successor_id))) AS parents (contract_id)) > 1 THEN\n    RAISE EXCEPTION '% row has parents of different contracts', TG_TABLE_NAME USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n", hash='3030c73475d48cef09829ec2b302fb0f1fca1fe8', operation='INSERT OR UPDATE', pgid='pgtrigger_one_contract_2011f', table='cluster_dependency', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dependencyevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='269c76eaab045c1b94d8d9c439152ddc3b19dc22', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_eba2f', table='cluster_dependencyevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='ledgerconversion',
            index=models.Index(condition=models.Q(('replaced__isnull', False)), fields=['replaced'], name='ledger_conversion_replaced'),
        ),
        # Stored dollars are derived: what was there is converted anew into the lean tables.
        migrations.RunSQL(
            """
            INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'ledger', min(id), max(id) FROM cluster_ledgerentry HAVING count(*) > 0;
            INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'budget', min(id), max(id) FROM cluster_budgetline HAVING count(*) > 0;
            INSERT INTO cluster_conversiondue (kind, first, last) SELECT 'claims', min(id), max(id) FROM cluster_claim HAVING count(*) > 0;
            """,
            migrations.RunSQL.noop,
        ),
    ]
