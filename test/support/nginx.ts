import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { afterDeath } from './after-death.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { scratch } from './scratch.ts';

/** Debian's nginx, running. */
export interface Nginx extends AsyncDisposable {
  /** http://127.0.0.1:PORT of the port that the configuration was asked for. */
  readonly url: string;
  readonly port: number;
  /** One line a request: address, "request line", status, body bytes, "Range". */
  accessLog(): string;
  errorLog(): string;
  stop(): Promise<void>;
}

/**
 * Starts nginx with what `config` gives for the inside of `http { }`. It has to listen on that port. Workers run as www-data where the test
 * runs as root, so a directory that is served has to be open to others.
 */
export async function startNginx(config: (port: number) => string): Promise<Nginx> {
  const port = await freePort();
  const { dir, args } = prepare(config(port));
  const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'ignore'] });
  // TERM first: killed, the master would leave its workers behind.
  const spare = afterDeath('kill -TERM "$1"', String(child.pid));
  const exited = once(child, 'exit');
  const log = (name: string) => readFileSync(join(dir, name), 'utf8');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    spare();
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) return true;
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
      return true;
    });
    if (child.exitCode !== null) throw new Error('nginx ended');
  } catch (error) {
    await stop();
    throw new Error(`nginx did not start:\n${log('error.log')}`, { cause: error });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    accessLog: () => log('access.log'),
    errorLog: () => log('error.log'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What `nginx -t` says to it: nothing that is wrong, or an error. */
export async function checkNginx(config: string): Promise<string> {
  const { args } = prepare(config);
  const child = spawn('nginx', ['-t', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(said);
  return said;
}

/** All paths inside a fresh directory. */
function prepare(inside: string): { dir: string; args: string[] } {
  const dir = scratch('nginx');
  // Workers write their temporary files below it.
  for (const open of [dir, dirname(dir)]) chmodSync(open, 0o711);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(dir, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
pid ${dir}/nginx.pid;
worker_processes 1;
error_log ${dir}/error.log info;
events { worker_connections 512; }
http {
  log_format test '$remote_addr "$request" $status $body_bytes_sent "$http_range"';
  access_log ${dir}/access.log test;
${temporary.map((name) => `  ${name}_temp_path ${dir}/${name};`).join('\n')}
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
${inside}
}
`,
  );
  return { dir, args: ['-p', dir, '-e', join(dir, 'error.log'), '-c', file] };
}
