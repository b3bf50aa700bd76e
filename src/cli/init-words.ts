/** Where everything is. */
interface Written {
  readonly yaml: string;
  readonly mastodon: string;
  readonly nginx: string;
  readonly secretsDir: string;
  readonly stateDir: string;
}

/** What was written, and what to do now, in order. */
export function nextSteps({ yaml, mastodon, nginx, secretsDir, stateDir }: Written): string[] {
  const asRoot = process.geteuid?.() === 0;
  const asUser = asRoot ? 'runuser -u upstairs -- ' : '';
  return [
    'written:',
    `  ${yaml}  the configuration; phase: front to begin with`,
    `  ${secretsDir}/  its secrets, for this user alone`,
    `  ${mastodon}  what to change in Mastodon's .env.production, with reasons; it holds secrets too`,
    `  ${nginx}  nginx in front, with TLS; its first lines say what to do with it`,
    'next:',
    ...(asRoot
      ? [
          '  0. a user that Upstairs will run as, who has the secrets and what it must remember:',
          '     useradd --system --shell /usr/sbin/nologin upstairs',
          `     chown -R upstairs ${quoted(secretsDir)}`,
          `     install -d -o upstairs -m 700 ${quoted(stateDir)}`,
        ]
      : []),
    `  1. ${asUser}upstairs check -c ${quoted(yaml)}`,
    `  2. ${asUser}upstairs serve -c ${quoted(yaml)}  (what it must remember: ${stateDir}; config/systemd/ has a unit)`,
    `  3. nginx: ${nginx}; media are seen through Upstairs now, and nothing moves yet`,
    `  4. Mastodon: put ${mastodon} into .env.production, start Mastodon anew`,
    `  5. phase: move in ${yaml}, start Upstairs anew: media move up`,
  ];
}

/** Nobody but root comes into root's home, whatever the files in it are open to. */
export function placeNotes(out: string): string[] {
  if (process.geteuid?.() !== 0 || !`${out}/`.startsWith('/root/')) return [];
  return [`${out} is in root's home, where another user reads nothing: for Upstairs as a service, --out /etc/upstairs`];
}

/** A set-up that was replaced may have come further. */
export function phaseNotes(wasMoving: boolean): string[] {
  if (!wasMoving) return [];
  return ['phase was move, and is front in the new file: nothing is copied until you set it to move again'];
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
