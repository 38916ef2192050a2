# The console, without the sandbox: `docker run --network host -v "$PWD:/work" gameday`.
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/gameday && /opt/gameday/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY . .
RUN /opt/gameday/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
RUN useradd --create-home gameday && mkdir /work && chown gameday /work
COPY --from=build /opt/gameday /opt/gameday
ENV PATH=/opt/gameday/bin:$PATH
USER gameday
WORKDIR /work
ENTRYPOINT ["gameday"]
CMD ["serve"]
