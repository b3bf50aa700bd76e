# syntax=docker/dockerfile:1
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.browser.json ./
COPY src ./src
RUN npm run build

# What the lock file says, and nothing that is for building or testing. The image brings its own Node, so the optional ones stay away.
FROM node:26-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY config ./config
RUN mkdir -p /var/lib/upstairs && chown node:node /var/lib/upstairs
USER node
VOLUME /var/lib/upstairs
EXPOSE 8080 8081 9180
STOPSIGNAL SIGTERM
# Alive, not ready: a bucket that is away for a while is no reason to restart what still serves from the disk.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9180/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "-c", "/etc/upstairs/upstairs.yaml"]
