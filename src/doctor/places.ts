import { opendir, stat } from 'node:fs/promises';
import type { Problem } from '../config/problems.ts';
import type { Gate } from './disk-walk.ts';
import { error, type Finding, ok, warning } from './finding.ts';

/** A directory that the configuration names. */
export interface Place {
  /** `state.dir`, `sources.basement.root`. */
  readonly option: string;
  /** How its other findings call it: `state`, `sources.basement`. */
  readonly name: string;
  readonly dir: string;
  readonly gate: Gate;
  /** False: `serve` starts without it, or creates it. */
  readonly required: boolean;
  /** Whether it is worth a word that it is not there. */
  readonly expected: boolean;
}

export interface PlacesOptions {
  readonly places: readonly Place[];
  /** What `serve` itself asks of the machine. Blocks, so it is asked only about places that do answer, by option. */
  readonly checkMachine: (answering: ReadonlySet<string>) => {
    problems: readonly Problem[];
    warnings: readonly string[];
  };
}

/** Which of the places answer at all, and which of these are sound. A disk that hangs must hang nothing but the question. */
export async function examinePlaces({ places, checkMachine }: PlacesOptions): Promise<{
  findings: Finding[];
  sound: ReadonlySet<string>;
}> {
  const answering = new Set<string>();
  const missing = new Set<string>();
  const findings: Finding[] = [];
  await Promise.all(
    places.map(async ({ option, name, dir, gate, required, expected }) => {
      try {
        await gate.read(() => touch(dir));
        answering.add(option);
      } catch (cause) {
        if (isLate(cause)) findings.push(hanging(name));
        // Other failures are answers, and `checkMachine` has words for them where they matter.
        else answering.add(option);
        if (isLate(cause) || required) return;
        if (!expected) return;
        missing.add(option);
        findings.push(absent(option, cause));
      }
    }),
  );
  const { problems, warnings } = checkMachine(answering);
  findings.push(...problems.map(problemFinding), ...warnings.map(warningFinding));
  for (const { path } of problems) missing.add(path);
  const sound = new Set([...answering].filter((option) => !missing.has(option)));
  for (const option of sound) findings.push(ok(option, 'answers'));
  return { findings, sound };
}

async function touch(dir: string): Promise<void> {
  await stat(dir);
  const directory = await opendir(dir);
  try {
    await directory.read();
  } finally {
    await directory.close();
  }
}

function isLate(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  return code === 'TIMEOUT' || code === 'BUSY';
}

function hanging(name: string): Finding {
  return error(
    `${name}.answers`,
    'the disk does not answer: it hangs, or it is a dead network mount',
    'an answer within its deadline',
    'dmesg -T | tail, smartctl -a: is it dying? Take it out of the configuration until it answers; nothing else waits for it',
  );
}

function absent(option: string, cause: unknown): Finding {
  return warning(
    option,
    `it cannot be used now (${(cause as { code?: string }).code ?? 'unknown error'})`,
    'a disk that is there: what only it may have is answered 503 until it appears',
    'mount it, or leave it like that: required is false',
  );
}

/** What `serve` would refuse to start with. Its message is "what is wrong: what to do", or "must be …". */
export function problemFinding({ path, message }: Problem): Finding {
  const place = path === '' ? 'the configuration file' : path;
  const check = path === '' ? 'config' : path;
  const [first = '', ...more] = message.split(': ');
  const todo = more.join(': ');
  if (first.startsWith('must '))
    return error(check, 'it is something else', `it ${message}`, [`correct ${place}`, todo].filter(Boolean).join(': '));
  return error(check, first, 'a configuration that serve starts with', todo || `correct ${place}`);
}

/** What is wanted where `serve` only says what is the matter, by option. */
const hints: readonly (readonly [option: RegExp, expected: string, todo: string])[] = [
  [
    /^state\.dir$/,
    'a disk that is well',
    'move state.dir to another disk; until then: upstairs ledger backup, to another machine',
  ],
  [
    /\.tls\.cert$/,
    'a certificate that holds, for all hosts of this listener',
    'have one made for all of them (certbot certonly -d HOST …)',
  ],
];

/** What `serve` says when it starts. The sentence begins with its option: "what is wrong: what comes of it, or what to do". */
export function warningFinding(sentence: string): Finding {
  const option = /^[\w.-]+(?= )/.exec(sentence)?.[0] ?? 'config';
  const [found = '', ...todo] = sentence.split(': ');
  const rest = todo.join(': ');
  const [, expected = 'otherwise', more = `correct ${option}`] = hints.find(([name]) => name.test(option)) ?? [];
  if (expected === 'otherwise') return warning(option, found, expected, rest || more);
  return warning(option, found, expected, [more, rest].filter(Boolean).join('; '));
}
