# Two commands are enough: `make run` and `make test`. Both set up what they need, the second time at once.

PYTHON := $(shell for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BOOTSTRAP = @$(if $(PYTHON),,echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3.11 $@" >&2; exit 1;) \
	"$(PYTHON)" -I avtotor_site/local/bootstrap.py
PY = .venv/bin/python
# A value long and odd enough for `check --deploy`; it never signs anything.
CHECK_ENV = SITE_URL=https://tracker.example SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')"
LOCK = --generate-hashes --no-header --universal --python-version 3.11 --no-emit-find-links --no-emit-index-url --quiet
ARGS =
# A worker per core (tests/embedded.py); a file's tests stay together, in the order of tests/conftest.py.
PARALLEL = -n auto --dist loadfile --no-loadscope-reorder

CHECKS = check-types check-style check-imports check-templates check-site check-translations
.PHONY: $(CHECKS) help setup setup-dev run stop test check lock messages screenshots bench-money bench-schedule bench-digest bench-web

help:
	@echo "make run          set up, start everything, print the address   (PORT=8090 make run picks the port)"
	@echo "make stop         stop what 'make run' started in this clone"
	@echo "make test         set up and run the tests                      (make test ARGS='-k rates' picks some)"
	@echo "make check        lint, types, import contracts, templates, settings, migrations, translations"
	@echo "make setup        only the set-up: .venv, packages, translations, static files, database"
	@echo "make messages     collect the texts to translate into locale/"
	@echo "make screenshots  take the pictures in docs/screenshots anew"
	@echo "make bench-money  measure the conversion and the pages on a million ledger entries (ARGS='--contracts 10 100' picks sizes)"
	@echo "make bench-schedule  measure network, simulation, flags, preview and Gantt   (ARGS='cpm' picks parts)"
	@echo "make bench-digest  measure digests and letters through a failing server   (ARGS='--subscriptions 2000 --contracts 100')"
	@echo "make bench-web    measure the pages beside their bare statements   (ARGS='--contracts 1000' adds contracts)"
	@echo "make lock         pin requirements*.in into requirements*.txt"

setup:
	$(BOOTSTRAP)

setup-dev:
	$(BOOTSTRAP) --development

# The static files are collected while the database is prepared.
run:
	$(BOOTSTRAP) --no-static
	@$(PY) -m avtotor_site.local run

stop:
	@$(PY) -m avtotor_site.local stop

test: setup-dev
	@$(PY) -m pytest $(PARALLEL) $(ARGS)

# The types take as long as all the rest, which is checked meanwhile. Every check runs, also after one that failed.
check: setup-dev
	@$(MAKE) --no-print-directory --keep-going -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)

check-types:
	@$(CHECK_ENV) $(PY) -m mypy

check-style:
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

check-imports:
	@$(PY) -c "from importlinter.cli import lint_imports_command as main; main()"

check-templates:
	@$(PY) -m djlint --check --lint --quiet templates

check-site:
	@$(CHECK_ENV) $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) manage.py makemigrations --check --dry-run

check-translations:
	@$(PY) -m avtotor_site.translations check

messages: setup-dev
	@$(PY) -m avtotor_site.translations update

screenshots: setup-dev
	@$(PY) docs/screenshots/take.py

bench-money: setup
	@$(PY) benchmarks/money.py $(ARGS)

# networkx, which it is measured against, comes with the tools for development.
bench-schedule: setup-dev
	@$(PY) benchmarks/schedule.py $(ARGS)

# The mail server that fails comes with the tools for development.
bench-digest: setup-dev
	@$(PY) benchmarks/digest.py $(ARGS)

bench-web: setup
	@$(PY) benchmarks/web.py $(ARGS)

lock: setup-dev
	@$(PY) -m uv pip compile $(LOCK) --output-file requirements.txt requirements.in
	@$(PY) -m uv pip compile $(LOCK) --output-file requirements-pdf.txt requirements-pdf.in
	@$(PY) -m uv pip compile $(LOCK) --output-file requirements-dev.txt requirements-dev.in
