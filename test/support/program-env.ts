import { env } from 'node:process';
import { fileURLToPath } from 'node:url';

/** What a program that is started gets from the machine, and nothing else of it. Its TypeScript is compiled once, not at each start. */
export const programEnv = {
  PATH: env.PATH,
  HOME: env.HOME,
  TMPDIR: env.TMPDIR,
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)),
};
