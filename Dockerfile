# logkeep in a small image: production dependencies and the built web page, runs with a read-only root file system.
# The base images are arguments, so that a mirror or another Linux can stand in:
#   docker build --build-arg RUN_IMAGE=registry.example.com/node:26-alpine -t logkeep:0.1.0 .
ARG BUILD_IMAGE=node:26-alpine
ARG RUN_IMAGE=node:26-alpine

FROM ${BUILD_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Nothing needs an install script: better-sqlite3 ships its binaries. Those for other systems and the sources stay out.
RUN /usr/local/bin/node /usr/local/bin/npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && cd node_modules/better-sqlite3 \
  && rm -rf deps src prebuilds/darwin-* prebuilds/win32-*

FROM ${BUILD_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN /usr/local/bin/node /usr/local/bin/npm ci --ignore-scripts --no-audit --no-fund
COPY page page
RUN /usr/local/bin/node node_modules/vite/bin/vite.js build page

FROM ${RUN_IMAGE}
RUN apk add --no-cache tini
# The owner and mode that a fresh volume takes over; the group is root's, because log files are readable by it.
RUN install -d -o 1000 -g 0 -m 0770 /data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json start.mjs LICENSE ./
COPY migrations migrations
COPY src src
COPY --from=page /app/dist/page dist/page
# Stripped once here: the running program never loads the compiler that strips types, 30 MB in each of its threads.
RUN /usr/local/bin/node start.mjs warm
ENV NODE_ENV=production \
  TMPDIR=/tmp \
  LOGKEEP_HOST=0.0.0.0 \
  LOGKEEP_DATA_DIR=/data
USER 1000:0
EXPOSE 8080
ENTRYPOINT ["/sbin/tini", "--"]
CMD ["/usr/local/bin/node", "start.mjs"]
