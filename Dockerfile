# Runs with a database of yours (DATABASE_URL): the embedded PostgreSQL stays out of the image.
#
# A release names the base by its digest, so that the same sources make the same image (docs/kubernetes.md, "The image"):
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… --build-arg REVISION="$(git rev-parse HEAD)" .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS builder
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
# Not --omit=optional: native parts, such as argon2 for this platform, are optional packages too.
RUN npm ci --omit=dev --no-audit --no-fund
COPY scripts/image ./scripts/image
# The second fails for a package whose licence nobody agreed to.
RUN sh scripts/image/prune.sh && node scripts/image/sbom.mjs

FROM ${NODE_IMAGE} AS runtime
# Nobody installs packages in a container that runs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
  && install -d -o 10001 -g 10001 /var/lib/stockroom
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /build/node_modules ./node_modules
COPY --from=builder /build/dist ./dist
# What the image is made of, in CycloneDX.
COPY --from=dependencies /build/sbom.cdx.json ./
# 0.0.0.0 is the only address that a published port reaches; whether strangers can is up to how it is published. TLS ends in front
# of it: TRUSTED_PROXIES names who may say so, which makes cookies Secure and tells callers apart.
# 16 MB for young objects, as `npm start` has it: left to itself Node lets them grow to 64 MB twice over, and imports need more memory.
ENV NODE_ENV=production \
  NODE_OPTIONS=--max-semi-space-size=16 \
  HOST=0.0.0.0 \
  PORT=3000 \
  STOCKROOM_DATA_DIR=/var/lib/stockroom
# A number, so that an orchestrator can see that it is not root. The only place it writes is the volume: uploads wait there, so
# that the root file system may be read-only.
USER 10001:10001
VOLUME /var/lib/stockroom
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stockroom" \
  org.opencontainers.image.description="A self-hosted REST backend for market assistants" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.revision="${REVISION}"
# Commands run by: docker run … <image> dist/src/cli/main.js <command>
ENTRYPOINT ["node"]
CMD ["dist/src/main.js"]
