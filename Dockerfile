# syntax=docker/dockerfile:1
# Leitmotif on a machine without a GPU: the bot (the default target), the web server and the embedding worker, of one set of layers.
#
#   docker build -t leitmotif-bot .
#   docker build -t leitmotif-worker --target worker .
#   docker build -t leitmotif-web --target web .
#
# With --build-arg MILVUS_CLIENT=true, bot and web server can use a Milvus server (VECTOR_INDEX): 45 MB more.
#
# docs/deploy.md tells how they run, and what of this has been tried and what has not.

# --- packages, and the faiss-node binding compiled against Debian's FAISS ---------------------------------------------
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS packages
# Versions are the distribution's, with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg g++ libfaiss-dev libopenblas-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Workspaces: npm reads what they need.
COPY local-discord/package.json local-discord/
COPY web/package.json web/
COPY scripts/setup.mjs scripts/faiss-shim.h scripts/
COPY scripts/setup scripts/setup/
# From source: the binding that the tests ran with, and no download that may hang.
ENV npm_config_build_from_source=faiss-node
# Leaves out what ONNX Runtime brings for other systems, which is most of its package.
RUN node scripts/setup.mjs

# --- Milvus's client, if asked for ------------------------------------------------------------------------------------
FROM packages AS milvus-client
ARG MILVUS_CLIENT=false
COPY milvus-sdk/package.json milvus-sdk/package-lock.json milvus-sdk/
RUN case $MILVUS_CLIENT in \
  true) node scripts/setup.mjs --milvus ;; \
  false) ;; \
  *) echo "MILVUS_CLIENT: expected true or false, got $MILVUS_CLIENT" >&2; exit 1 ;; \
  esac

# --- what all run on ------------------------------------------------------------------------------------------------
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS runtime
# FAISS itself is linked into the binding; its sums are not. util-linux and sh, which limit ffmpeg, are there already.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg libgomp1 libopenblas0 tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o 1000 -g 1000 /data/index /models
WORKDIR /app
COPY --from=packages /app/node_modules node_modules/
COPY package.json ./
COPY src src/
COPY commands commands/
COPY embedding-worker embedding-worker/
ENV NODE_ENV=production \
  NODE_COMPILE_CACHE=/tmp/node-compile-cache \
  ORT_DISABLE_TELEMETRY=1 \
  INDEX_DIR=/data/index \
  MODELS_DIR=/models
# That of the node image. Nothing in the image is its own but the two folders above.
USER 1000:1000
ENTRYPOINT ["tini", "--"]

# --- the embedding worker ---------------------------------------------------------------------------------------------
FROM runtime AS worker
ENV WORKER_HOST=0.0.0.0 \
  WORKER_PORT=8600
EXPOSE 8600
VOLUME ["/models"]
# Ready, and not only alive: whoever waits for this container wants to send recordings.
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--single-threaded-gc", "--no-incremental-marking", "embedding-worker/main.ts"]

# --- the web app's page, which the web server finds built ---------------------------------------------------------------
FROM packages AS page
# The compiler's settings, which the page's extend.
COPY tsconfig.json ./
COPY src src/
COPY web/page-build.ts web/
COPY web/page web/page/
RUN node web/page-build.ts

# --- the web server: the page and the API -----------------------------------------------------------------------------
FROM runtime AS web
# The page's sources too: their hash names the folder of the built page.
COPY package-lock.json ./
COPY web/package.json web/
COPY web/page-build.ts web/
COPY web/page web/page/
COPY --from=page /app/web/node_modules/.cache/page web/node_modules/.cache/page/
COPY --from=milvus-client /app/milvus-sdk milvus-sdk/
ENV WEB_HOST=0.0.0.0 \
  WEB_PORT=8700
EXPOSE 8700
VOLUME ["/data/index", "/models"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WEB_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/web.ts"]

# --- the bot ----------------------------------------------------------------------------------------------------------
FROM runtime AS bot
COPY --from=milvus-client /app/milvus-sdk milvus-sdk/
# On the loopback interface of the container: for the check below.
ENV METRICS_PORT=9464
VOLUME ["/data/index", "/models"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT}/metrics`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
