import { expect, test } from 'vitest';
import { baseConfig } from '../../support/base-config.ts';

test('overrides change what they name and leave the rest', () => {
  const config = baseConfig({
    endpoint: 'http://127.0.0.1:1',
    bucket: 'media',
    root: '/old',
    stateDir: '/state',
    copy: { minAge: '0s', looks: ['5s'] },
    read: { cors: '*' },
  });
  expect(config).toMatchObject({
    state: { dir: '/state' },
    read: { listen: '127.0.0.1:0', cors: '*' },
    bucket: { name: 'media' },
    sources: [{ root: '/old' }],
    copy: { minAge: '0s', looks: ['5s'] },
  });
});
