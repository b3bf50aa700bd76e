import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { freePort } from '../test/support/free-port.ts';
import { scratch } from '../test/support/scratch.ts';
import { type Server, startServer } from './server.ts';
import type { Media, Stage } from './stage.ts';

/** Starts nginx before the bucket and the disk, as instances made the move by hand: what the bucket refuses comes from the disk. */
export async function startNginx(stage: Stage, media: Media, options: { cached: boolean }): Promise<Server> {
  const dir = scratch('nginx');
  const file = join(dir, 'nginx.conf');
  const port = await freePort();
  writeFileSync(file, configuration(dir, port, stage, media, options.cached));
  return await startServer({
    command: ['nginx', '-p', dir, '-e', 'error.log', '-c', file],
    core: stage.cores.server,
    logFile: join(dir, 'log'),
    url: `http://127.0.0.1:${port}`,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
}

function configuration(dir: string, port: number, stage: Stage, media: Media, cached: boolean): string {
  return `
daemon off;
${getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log access.log;
  sendfile on;
  keepalive_requests 1000000;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/temp;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  proxy_cache_path ${dir}/cache levels=1:2 keys_zone=media:10m max_size=1g inactive=24h use_temp_path=off;
  upstream bucket {
    server ${new URL(stage.store.endpoint).host};
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location = /readyz { return 200; }
    location / {
      proxy_pass http://bucket/${media.bucket}/;
      proxy_http_version 1.1;
      proxy_set_header Host ${new URL(stage.store.endpoint).host};
      proxy_set_header Connection "";
      proxy_intercept_errors on;
      error_page 403 404 = @disk;
      ${cached ? 'proxy_cache media; proxy_cache_valid 200 24h; proxy_cache_lock on;' : ''}
    }
    location @disk { root ${media.root}; }
  }
}
`;
}
