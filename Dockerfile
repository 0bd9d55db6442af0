# The portal as one image for every role: `serve`, which is the default, `serve --web`, `serve --worker`, and each other
# command of manage.py. Its root may be read-only: it writes to STATE_DIR, a volume, and to /tmp.
# docs/operations.md says how it is run.

FROM python:3.11.14-slim-bookworm AS packages
WORKDIR /opt/linnapp
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY manage.py CHANGELOG.md ./
COPY linnapp linnapp
COPY installs installs
COPY static static
COPY templates templates
COPY docs/guide docs/guide
COPY docs/postbacks.md docs/events.md docs/
# No process writes bytecode later: the root belongs to nobody who runs here. Whoever builds may have kept the files to
# themselves.
RUN .venv/bin/python -m compileall -q linnapp installs && chmod -R a+rX .

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 linnapp \
    && useradd --uid 10001 --gid linnapp --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin linnapp \
    && install --directory --owner=linnapp --group=linnapp --mode=0700 /var/lib/linnapp
WORKDIR /opt/linnapp
COPY --from=packages /opt/linnapp ./
ENV PATH=/opt/linnapp/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIR=/var/lib/linnapp \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001:10001
VOLUME ["/var/lib/linnapp"]
EXPOSE 8000
# Tables and static files are brought up to date by `manage.py prepare`, before the first start and after each upgrade.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); assert c.getresponse().status == 200"]
CMD ["python", "manage.py", "serve"]
