# The console, without the sandbox. See docs/how-to/container.md.
# The Python that the tests run on: the lock has other packages for newer ones.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/gameday
COPY requirements.lock ./
RUN /opt/gameday/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY . .
RUN /opt/gameday/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home gameday && mkdir /work && chown 10001:10001 /work
COPY --from=build /opt/gameday /opt/gameday
# The root may be read-only: temporary files go where the volume is, and no bytecode is written.
ENV PATH=/opt/gameday/bin:$PATH PYTHONDONTWRITEBYTECODE=1 TMPDIR=/work
USER 10001
WORKDIR /work
VOLUME /work
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Runs get eight seconds for their rollbacks, and docker's own ten before it kills.
STOPSIGNAL SIGTERM
ENTRYPOINT ["gameday"]
CMD ["serve", "--host", "0.0.0.0"]
