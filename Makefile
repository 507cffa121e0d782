# make demo · test · test-long · test-lowest · lint · dbt-rules · bench · pyairbyte-test · image-test — the first one sets up .venv by itself.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
SPARK := .venv-spark/.installed
CLOUD := .venv-cloud/.installed
JUDGES := .venv-judges/.installed
LOWEST := .venv-lowest/.installed
DAGSTER_BIN := .venv-dagster/bin
DAGSTER := .venv-dagster/.installed

# One worker more than there are processors: a good part of a run waits for other processes and for clocks.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')

# A lock names all that is needed. Without --no-deps pip may ask for a release that is newer than the lock, and stop.
# Byte code is a third of its time: the tests' environments compile what they import, and .venv all, on every core.
LOCKED := --quiet --disable-pip-version-check --no-deps --no-compile

# Tests start a thousand processes; without byte code each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-long test-fleet test-lowest lint dbt-rules format bench lock clean install environments test-spark test-warehouses standard-test pyairbyte-test pipe-test image-test dagster-test inspector-test sdk-node-test

install: $(INSTALLED)

# All that .ci/run needs: pip installs on one core, so with --jobs=2.
environments: $(INSTALLED) $(SPARK) $(DAGSTER) $(CLOUD) $(JUDGES)

$(INSTALLED): requirements.lock pyproject.toml sandbox/pyproject.toml
	@echo "Setting up .venv from requirements.lock (once, about two minutes) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(LOCKED) --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install $(LOCKED) --no-build-isolation --editable . --editable sandbox
	@$(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true  # some bring files for another Python
	@touch $@

demo: $(INSTALLED)
	@$(BIN)/freshbooks demo

test: $(INSTALLED)
	@echo "Testing: the source, the sandbox, the hub and the dbt project …"
	@$(BIN)/python -m pytest -q --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Simulated weeks, hundreds of fault schedules, whole builds by dbt, every page in a browser: not for every change.
test-long: $(INSTALLED)
	@$(BIN)/python -m pytest -q --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m long

lint: $(INSTALLED)
	@echo "Checking style and types …"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@# What each distribution imports is declared, and what is declared is used; the source uses nothing of an extra.
	@$(BIN)/deptry freshbooks_api source_freshbooks --optional-dependencies-dev-groups demo,hub,postgres,spark
	@$(BIN)/deptry freshbooks_api source_freshbooks freshbooks_hub
	@$(BIN)/deptry --config sandbox/pyproject.toml sandbox/freshbooks_sandbox
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models

# Rules for dbt projects that others wrote (deploy/judges/dbt-bouncer.yml), over what dbt makes of ours; and the
# manifests of deploy/kubernetes, the oldest and the newest release that they are for.
dbt-rules: $(INSTALLED) $(JUDGES)
	@echo "Checking the dbt project by dbt-bouncer's rules …"
	@FRESHBOOKS_DBT_WORK=work.duckdb FRESHBOOKS_DBT_RAW=raw.duckdb FRESHBOOKS_DBT_MARTS=marts.duckdb $(BIN)/dbt --quiet --log-level-file none parse --project-dir dbt_project --profiles-dir dbt_project --target duckdb \
		--target-path $(CURDIR)/.venv-judges/target
	@.venv-judges/bin/dbt-bouncer run --config-file deploy/judges/dbt-bouncer.yml
	@echo "Checking the manifests of Kubernetes by its own schemas …"
	@.venv-judges/bin/kubernetes-validate --strict --quiet --kubernetes-version 1.31 deploy/kubernetes/*.yaml
	@.venv-judges/bin/kubernetes-validate --strict --quiet --kubernetes-version 1.37 deploy/kubernetes/*.yaml

$(JUDGES): deploy/judges/requirements.lock
	@echo "Setting up .venv-judges from $< (once) …"
	@$(PYTHON) -m venv .venv-judges
	@.venv-judges/bin/python -m pip install $(LOCKED) --require-hashes --requirement $<
	@touch $@

format: $(INSTALLED)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix dbt_project/models

# The marts on Spark, the same as on DuckDB to the byte: minutes. Needs Java 17 or 21.
test-spark: $(SPARK)
	@.venv-spark/bin/python -m pytest -q unit_tests/dbt/test_spark.py

# Snowflake, BigQuery and Databricks: compiled and parsed, without any of them.
test-warehouses: $(CLOUD)
	@.venv-cloud/bin/python -m pytest -q deploy/warehouses/cloud

.venv-%/.installed: deploy/warehouses/%/requirements.lock
	@echo "Setting up .venv-$* from $< (once, some minutes) …"
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install $(LOCKED) --require-hashes --requirement $<
	@touch $@

# Airbyte's Python client reads every stream, in an environment of its own.
pyairbyte-test: $(INSTALLED)
	@$(BIN)/python -m integration_tests.pyairbyte

# An hour of 200 connections in one server, compressed; the machine should have nothing else to do. Linux.
test-fleet: $(INSTALLED)
	@FLEET=200 $(BIN)/python -m pytest -q -s -m long integration_tests/test_fleet.py

# Airbyte's own tests of a connector, which `make test` runs too.
standard-test: $(INSTALLED)
	@$(BIN)/python -m pytest -q integration_tests/test_airbyte_standard.py

# `source-freshbooks read | jq`, as with `docker run`; needs jq.
pipe-test: $(INSTALLED)
	@$(BIN)/python -m integration_tests.pipe

# The images of the connector and of the hub, built and run without a container engine; root on Debian.
image-test: $(INSTALLED)
	@$(BIN)/python -m deploy.image.test
	@$(BIN)/python -m deploy.hub.test

# The MCP Inspector's command line against our server; needs Node.js and npm.
inspector-test: $(INSTALLED)
	@$(BIN)/python -m integration_tests.agent.inspector

# FreshBooks' own Node SDK against the sandbox; needs Node.js and npm.
sdk-node-test: $(INSTALLED)
	@$(BIN)/python -m integration_tests.sdk.node

# Dagster's assets in-process, in an environment of their own.
dagster-test: $(DAGSTER)
	@$(DAGSTER_BIN)/python -m pytest -q --noconftest deploy/dagster

# The oldest versions that pyproject.toml allows, as far as it names packages: what it promises is kept.
test-lowest: $(LOWEST)
	@.venv-lowest/bin/python -m pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder \
		integration_tests/agent/test_mcp_http.py integration_tests/test_airbyte_standard.py integration_tests/test_connect.py \
		integration_tests/test_source_reads.py integration_tests/web/test_security.py integration_tests/web/test_serve.py \
		unit_tests --ignore unit_tests/dbt/test_spark.py

$(LOWEST): deploy/lowest/requirements.lock pyproject.toml sandbox/pyproject.toml
	@echo "Setting up .venv-lowest from $< (once, about two minutes) …"
	@$(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip install $(LOCKED) --require-hashes --requirement $<
	@.venv-lowest/bin/python -m pip install $(LOCKED) --no-build-isolation --editable . --editable sandbox
	@touch $@

$(DAGSTER): deploy/dagster/requirements.lock pyproject.toml sandbox/pyproject.toml
	@$(PYTHON) -m venv .venv-dagster
	@$(DAGSTER_BIN)/python -m pip install $(LOCKED) --require-hashes --requirement deploy/dagster/requirements.lock
	@$(DAGSTER_BIN)/python -m pip install $(LOCKED) --no-build-isolation --editable . --editable sandbox
	@touch $@

bench: $(INSTALLED)
	@$(BIN)/python -m benchmarks

# With the hash of every file, which pip then insists on. Versions stay as they are; to raise one, remove it first.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock:
	@$(COMPILE) --extra hub --extra postgres --group dev pyproject.toml sandbox/pyproject.toml --output-file requirements.lock
	@$(COMPILE) deploy/image/build.in --constraint requirements.lock --output-file deploy/image/build.lock
	@$(COMPILE) pyproject.toml --constraint requirements.lock --output-file deploy/image/requirements.lock
	@$(COMPILE) --extra hub --extra postgres pyproject.toml --constraint requirements.lock --output-file deploy/hub/requirements.lock
	@$(COMPILE) --extra hub --extra postgres pyproject.toml deploy/dagster/requirements.in --constraint requirements.lock \
		--output-file deploy/dagster/requirements.lock
	@for kind in judges warehouses/spark warehouses/cloud; do cd $(CURDIR)/deploy/$$kind && \
		$(COMPILE) requirements.in --output-file requirements.lock || exit 1; done
	@$(COMPILE) --resolution lowest-direct --extra hub --extra postgres --group dev \
		pyproject.toml sandbox/pyproject.toml --output-file deploy/lowest/requirements.lock

clean:
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info dbt_project/target dbt_project/logs
