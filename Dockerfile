# The connector's image: the source and what it needs, nothing of the hub.
# docker build -t airbyte/source-freshbooks:dev .
# BASE may be any image with Python 3.11, its venv module and a user `airbyte`.
ARG BASE=docker.io/airbyte/python-connector-base:4.0.0@sha256:d9894b6895923b379f3006fa251147806919c62b7d9021b5cd125bb67d7bbe22

FROM ${BASE} AS builder
# Where packages come from, if not from the default registry: options of `pip install`.
ARG PIP_OPTIONS=""
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY deploy/image/*.lock ./deploy/image/
COPY freshbooks_api ./freshbooks_api
COPY source_freshbooks ./source_freshbooks
# What is installed is what the locks hold the hashes of, the package itself apart.
RUN python3 -m venv /build/tools \
    && /build/tools/bin/python -m pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} \
        --no-deps --require-hashes --only-binary :all: --requirement deploy/image/build.lock \
    && /build/tools/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /build/dist .
RUN python3 -m venv /airbyte/venv \
    && /airbyte/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} \
        --no-deps --require-hashes --only-binary :all: --requirement deploy/image/requirements.lock \
    && /airbyte/venv/bin/python -m pip install --no-deps --no-index /build/dist/*.whl \
    && rm /airbyte/venv/bin/freshbooks \
    && /airbyte/venv/bin/python -m pip uninstall --yes --quiet setuptools pip

FROM ${BASE}
COPY --from=builder /airbyte/venv /airbyte/venv
WORKDIR /airbyte/integration_code
USER airbyte
ENV PYTHONDONTWRITEBYTECODE=1 TZ=UTC
ENV AIRBYTE_ENTRYPOINT="/airbyte/venv/bin/source-freshbooks"
ENTRYPOINT ["/airbyte/venv/bin/source-freshbooks"]
