FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:26-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
RUN mkdir -p /var/lib/upstairs && chown node: /var/lib/upstairs
USER node
EXPOSE 8080 9180
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "-c", "/etc/upstairs/upstairs.yaml"]
