import { describe, expect, it } from 'vitest';
import { parseKey, statusOf } from '../../../src/media/key.ts';
import { isPrivate } from '../../../src/media/private-prefix.ts';
import { matchRoute } from '../../../src/media/route.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';

const routes = [
  { host: 'files.test', prefix: '/' },
  { host: 'app.test', prefix: '/system/' },
];

/** The status that the path alone earns; undefined when it names a key that may be looked for. */
function statusOfPath(host: string, target: string): number | undefined {
  const match = matchRoute(routes, host, target);
  if (match.kind === 'bad-target') return 400;
  if (match.kind !== 'match') return 404;
  const parsed = parseKey(match.rest);
  if (!parsed.ok) return statusOf(parsed.reason);
  return isPrivate(parsed.key, ['backups/', 'imports/']) ? 404 : undefined;
}

describe('the list of hostile requests', () => {
  const byPath = hostileTargets.filter(({ raw, method = 'GET' }) => raw === undefined && /^(GET|HEAD)$/.test(method));

  it.each(byPath)(
    '$name: the path is refused as the list says, or left to the tiers',
    ({ target, headers, expect: wanted }) => {
      const status = statusOfPath(headers?.Host ?? 'files.test', target);
      if (status !== undefined) expect([wanted].flat()).toContain(status);
    },
  );

  it('has a name for each', () => {
    expect(new Set(hostileTargets.map(({ name }) => name)).size).toBe(hostileTargets.length);
  });
});
