import { expect, test } from 'vitest';
import type { Finding } from '../../../src/doctor/finding.ts';
import { remoteArea } from '../../../src/doctor/remote-area.ts';
import type { Source, SourceAnswer } from '../../../src/sources/source.ts';

const never = new AbortController().signal;

async function findings(answer: SourceAnswer, { provesAbsence = false } = {}) {
  const source: Source = { name: 'over', open: async () => answer };
  const area = remoteArea({
    ...{ name: 'over', source: () => source, missingKey: 'none.jpg', canary: undefined, provesAbsence },
  });
  const found: Finding[] = [];
  for await (const finding of area.run(never)) found.push(finding);
  return found;
}

test('a web server without a canary is warned of: any other site at its address says 404 too', async () => {
  expect(await findings({ kind: 'missing' })).toMatchObject([
    { level: 'ok', check: 'sources.over.missing-key' },
    { level: 'warning', check: 'sources.over.canary', todo: expect.stringContaining('name it as canary') },
  ]);
  expect(await findings({ kind: 'missing' }, { provesAbsence: true })).toMatchObject([{ level: 'ok' }]);
});

test('a web page in place of files is told from a server that is down', async () => {
  const cause = Object.assign(new Error('a page'), { code: 'A_PAGE' });
  expect(await findings({ kind: 'unavailable', trouble: 'io', cause })).toMatchObject([
    { level: 'error', check: 'sources.over.reachable', todo: expect.stringContaining('try_files $uri =404') },
  ]);
  expect((await findings({ kind: 'unavailable', trouble: 'io' }))[0]?.todo).toContain('curl -v');
});
