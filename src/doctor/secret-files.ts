import { statSync } from 'node:fs';
import { type Finding, ok, warning } from './finding.ts';

/** A file that was read for the configuration. */
export interface ReadFile {
  readonly path: string;
  /** The configuration file itself, which need not hold a secret. */
  readonly isConfig: boolean;
  readonly text: string;
}

/** Whether other users of the machine may read the secrets. */
export function secretFiles(files: readonly ReadFile[]): Finding[] {
  return files.map((file) => secretFileVerdict(file, statSync(file.path).mode));
}

export function secretFileVerdict({ path, isConfig, text }: ReadFile, mode: number): Finding {
  const check = isConfig ? 'config.file' : 'config.secret-file';
  if ((mode & 0o004) === 0) return ok(check, 'closed to others');
  if (isConfig && !holdsSecret(text)) return ok(check, 'holds no secret');
  return warning(
    check,
    `${path} holds a secret, and everybody on this machine may read it (${(mode & 0o777).toString(8).padStart(4, '0')})`,
    'a file for its user alone (0600), or for its group (0640)',
    `chmod o= ${path}${isConfig ? ', or take the secrets from the environment or from files' : ''}`,
  );
}

/** A secret that is written out, not taken from elsewhere. */
function holdsSecret(text: string): boolean {
  return /(?:^|[\s{,-])(?:secretKey|secret|token|value)\s*:\s*(?!["']?\$\{)[^\s#{]/m.test(text);
}
