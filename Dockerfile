# mlmath in two images: the application, which serves and works, and the proxy before it.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# `sentry` brings what SENTRY_DSN needs as well.
ARG REQUIREMENTS=runtime
COPY requirements/ requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/${REQUIREMENTS}.txt
COPY manage.py ./
COPY mlmath/ mlmath/
COPY catalog/ catalog/
COPY tracker/ tracker/
COPY templates/ templates/
# Nothing is written while it runs: static files are collected and modules compiled here. The key is
# for this step alone.
RUN SECRET_KEY=for-this-step-alone-0123456789-abcdefghijklmnopqrstuvwxyz /venv/bin/python manage.py prepare --static
RUN /venv/bin/python -m compileall -q manage.py mlmath catalog tracker

FROM python:3.11-slim-bookworm AS app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# For backups: the programs of the database's version.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*
RUN install -d -o 10001 -g 10001 -m 700 /backups
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "mlmath.serve", "--host", "0.0.0.0"]

FROM caddy:2 AS proxy
COPY Caddyfile /etc/caddy/Caddyfile
# Where certificates are kept; a new volume takes over to whom it belongs.
RUN chown -R 10001:10001 /data /config
USER 10001:10001
EXPOSE 8000 8443
