# The connector's image: the source and what it needs, nothing of the hub.
# docker build -t airbyte/source-freshbooks:dev .
# BASE may be any image with Python 3.11, its venv module and a user `airbyte`.
ARG BASE=docker.io/airbyte/python-connector-base:4.0.0

FROM ${BASE} AS builder
# Where packages come from, if not from the default registry: options of `pip install`.
ARG PIP_OPTIONS=""
WORKDIR /build
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY freshbooks_api ./freshbooks_api
COPY source_freshbooks ./source_freshbooks
RUN python3 -m venv /airbyte/venv \
    && /airbyte/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} \
        --constraint requirements.lock . \
    && rm /airbyte/venv/bin/freshbooks \
    && /airbyte/venv/bin/python -m pip uninstall --yes --quiet setuptools pip

FROM ${BASE}
COPY --from=builder /airbyte/venv /airbyte/venv
WORKDIR /airbyte/integration_code
USER airbyte
ENV PYTHONDONTWRITEBYTECODE=1 TZ=UTC
ENV AIRBYTE_ENTRYPOINT="/airbyte/venv/bin/source-freshbooks"
ENTRYPOINT ["/airbyte/venv/bin/source-freshbooks"]
