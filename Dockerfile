# The gateway as an image: nothing but Python, the hashed wheels of requirements.lock, and tollhouse itself.
#
# A tag and no digest: whoever builds gets the base's security fixes with each build, and no digest of an image that
# could not be fetched where this was written is claimed here. To pin one: --build-arg PYTHON_IMAGE=python@sha256:…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY requirements-uv.lock requirements.lock pyproject.toml README.md LICENSE ./
# uv arrives by hash from pip, everything else by hash from uv; only wheels, so nothing is compiled or run to install.
RUN python -m venv tools \
 && tools/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-uv.lock \
 && tools/bin/uv pip install --quiet --no-cache --system-certs --python tools/bin/python --only-binary :all: --require-hashes --constraints requirements.lock hatchling==1.33.0
# The lock holds what development needs too; as constraints it gives versions and hashes to what is asked for here.
RUN python -m venv --without-pip /opt/tollhouse \
 && tools/bin/uv pip install --quiet --no-cache --system-certs --python /opt/tollhouse/bin/python --compile-bytecode --only-binary :all: --require-hashes --constraints requirements.lock -r pyproject.toml --extra local --extra postgres --extra redis
COPY src src
RUN tools/bin/python -m hatchling build -t wheel -d dist \
 && tools/bin/uv pip install --quiet --no-cache --offline --python /opt/tollhouse/bin/python --compile-bytecode --no-deps dist/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="tollhouse" \
      org.opencontainers.image.description="One self-hosted door for every AI call a company makes." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.2.0"
# The only place that is written, besides /tmp. A new volume that is mounted here takes over the owner.
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/tollhouse
COPY --from=build /opt/tollhouse /opt/tollhouse
ENV PATH=/opt/tollhouse/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number and no name: it is the same in every volume, and `runAsNonRoot` can check it.
USER 10001:10001
WORKDIR /var/lib/tollhouse
VOLUME /var/lib/tollhouse
EXPOSE 8088
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-I", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8088/healthz', timeout=4)"]
ENTRYPOINT ["tollhouse"]
CMD ["serve", "--config", "/etc/tollhouse/tollhouse.yaml", "--listen", "0.0.0.0:8088"]
