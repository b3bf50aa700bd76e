import type { Source } from '../sources/source.ts';
import type { Area } from './area.ts';
import { error, type Finding, ok, warning } from './finding.ts';

export interface RemoteAreaOptions {
  readonly name: string;
  /** Makes it; nothing is asked of it yet. */
  readonly source: () => Source;
  /** A key that cannot be there. */
  readonly missingKey: string;
  /** A key that the configuration says is always there. */
  readonly canary: string | undefined;
  /** Whether what is missing is told so that nothing else could be meant: as S3 does, and a web server only with a canary. */
  readonly provesAbsence: boolean;
}

const limitMs = 30_000;
const missingTodo = 'let the server over there answer 404 and nothing else (nginx: try_files $uri =404)';
const causes: Record<string, string> = {
  denied: 'the secret or the keys of this source are wrong, or lack rights',
  busy: 'it is overloaded, or a breaker waits: check again in a minute',
  timeout: 'look at firewalls and routes, and whether the machine is up: curl -v to it from here',
  'not-mounted': 'the canary is not there: is the disk mounted over there?',
};

/** A source on another machine: whether it tells a missing key from what it has, and gives parts of objects. */
export function remoteArea(options: RemoteAreaOptions): Area {
  return { name: `sources.${options.name}`, limitMs, run: (signal) => examineRemote(options, signal) };
}

async function* examineRemote(options: RemoteAreaOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  const { name, missingKey, canary, provesAbsence } = options;
  const check = (what: string) => `sources.${name}.${what}`;
  const source = options.source();
  const began = performance.now();
  const answer = await source.open(missingKey, signal, 'facts');
  const tookMs = Math.round(performance.now() - began);
  if (answer.kind === 'found') answer.object.close();
  if (answer.kind === 'missing')
    yield ok(check('missing-key'), `a missing key is told, in ${tookMs} ms with a new connection`);
  else if (answer.kind === 'unavailable')
    yield error(
      check('reachable'),
      `it cannot be asked (${[answer.trouble, codeOf(answer.cause)].filter(Boolean).join(', ')})`,
      'an answer to each read',
      pageTodo(answer.cause) ??
        causes[answer.trouble] ??
        'correct its address, and see whether its server runs: curl -v to it from here',
    );
  else yield notMissing(check('missing-key'), answer.kind);
  if (!provesAbsence && answer.kind === 'missing') yield noCanary(check('canary'));
  if (canary === undefined || answer.kind === 'unavailable') return;
  yield* examineCanary(source, canary, check, signal);
}

function notMissing(check: string, kind: 'found' | 'private' | 'damaged'): Finding {
  if (kind === 'private')
    return error(
      check,
      'a key that cannot exist is private: everything is answered 403',
      '404 for what is not there',
      'correct the secret of this source, and give its server the right to look into the directories over there',
    );
  return error(
    check,
    `a key that cannot exist is ${kind}: an error page with 200?`,
    '404 for what is not there',
    missingTodo,
  );
}

function noCanary(check: string): Finding {
  return warning(
    check,
    'there is none: every 404 and 403 is believed, be it of another site at this address or of a disk that is not mounted',
    'a key that is always there',
    'put a small file beside the media there, and name it as canary: readers get 503 while it is away, and settled marks can be forgotten',
  );
}

function pageTodo(cause: unknown): string | undefined {
  return codeOf(cause) === 'A_PAGE' ? missingTodo : undefined;
}

async function* examineCanary(
  source: Source,
  canary: string,
  check: (what: string) => string,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const answer = await source.open(canary, signal, 'facts');
  if (answer.kind !== 'found') {
    yield error(
      check('canary'),
      `the canary is ${answer.kind}`,
      'a key that is always there',
      'correct canary, or mount the disk over there',
    );
    return;
  }
  const { object } = answer;
  try {
    yield ok(check('canary'), 'there');
    if (object.meta.size < 2) return;
    let bytes = 0;
    for await (const chunk of object.read({ first: 1, last: 1 })) bytes += (chunk as Buffer).length;
    yield bytes === 1 ? ok(check('ranges'), 'given') : noRanges(check);
  } catch {
    yield noRanges(check);
  } finally {
    object.close();
  }
}

function noRanges(check: (what: string) => string): Finding {
  return warning(
    check('ranges'),
    'a part of an object is not given',
    '206 for a range: players seek in videos',
    'let the server over there answer ranges (plain nginx does; no gzip or proxy in between)',
  );
}

function codeOf(cause: unknown): string | undefined {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
