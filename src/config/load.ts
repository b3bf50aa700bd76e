import { readFileSync } from 'node:fs';
import { checkEnvironment } from './environment.ts';
import { codeOf } from './error-code.ts';
import { interpolate } from './interpolate.ts';
import { meantOption } from './meant-option.ts';
import { ConfigError, type Problem, problemsIn, wording } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { parseYaml } from './yaml.ts';

export interface LoadOptions {
  /** Variables for `${NAME}`; `process.env` outside of tests. */
  env: Readonly<Record<string, string | undefined>>;
  /** False: do not look at the disks, which may hang. True by default. */
  environment?: boolean;
  /** Names of the sources that are not used any more, by `state.dir`: they are not looked at. None by default. */
  retired?: (stateDir: string) => ReadonlySet<string>;
  /** Reads the configuration and the files in `${file:...}`; from the file system by default. */
  readFile?: (path: string) => string;
}

/**
 * Reads, interpolates and checks a configuration file. A stage that fails does not hide what the next ones can still
 * find. Warnings are sentences for the log.
 * @throws ConfigError with every problem that was found; it never holds a value.
 */
export function loadConfig(
  path: string,
  { env, environment = true, retired, readFile = (file) => readFileSync(file, 'utf8') }: LoadOptions,
): { config: Config; warnings: string[] } {
  const yaml = parseYaml(readText(path, readFile));
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems, path);
  const interpolated = interpolate(yaml.value, { env, readFile });

  const parsed = configSchema.safeParse(interpolated.value, { error: wording });
  const inSchema = parsed.success ? [] : problemsIn(parsed.error, (option) => meantOption(option, interpolated.value));
  const checked = !environment ? {} : parsed.success ? parsed.data : checkableParts(interpolated.value);
  const stateDir = checked.state?.dir;
  const found = checkEnvironment(checked, stateDir === undefined ? undefined : retired?.(stateDir));

  const problems = [
    ...interpolated.problems,
    ...inSchema.filter((problem) => !interpolated.problems.some((cause) => follows(problem, cause))),
    ...found.problems,
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems, path);
  return { config: parsed.data, warnings: found.warnings };
}

function readText(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`;
    throw new ConfigError([{ path: '', message: `the configuration file ${path} ${why}` }], path);
  }
}

/** The parts that the environment is checked against, where they are well-formed although others are not. */
function checkableParts(value: unknown): Partial<Pick<Config, 'state' | 'sources'>> {
  if (typeof value !== 'object' || value === null) return {};
  const { state, sources } = configSchema.shape;
  const parsedState = state.safeParse((value as { state?: unknown }).state);
  const parsedSources = sources.safeParse((value as { sources?: unknown }).sources);
  return {
    ...(parsedState.success && { state: parsedState.data }),
    ...(parsedSources.success && { sources: parsedSources.data }),
  };
}

/** A value that could not be interpolated is missing for the schema, which need not be said a second time. */
function follows(problem: Problem, cause: Problem): boolean {
  return problem.path === cause.path;
}
