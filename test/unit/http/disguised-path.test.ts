import { describe, expect, it } from 'vitest';
import { isDisguised } from '../../../src/http/disguised-path.ts';

const prefixes = ['/system/', '/old/media/'];

describe('a path in disguise', () => {
  it.each([
    '/%73ystem/a.jpg',
    '/syste%6D/a.jpg',
    '//system/a.jpg',
    '/x//a.jpg/../../system/a.jpg',
    '/./system/a.jpg',
    '/x/../system/a.jpg',
    '/x/%2E%2e/system/a.jpg',
    '/%2e/system/a.jpg',
    '/system%2Fa.jpg',
    '/../../system/a.jpg',
    '/old//media/a.jpg',
    '/%zz/../system/a.jpg',
    '/.\\system/a.jpg',
    '/x\\..\\system\\a.jpg',
    '/x%5C..%5Csystem/a.jpg',
  ])('%s', (path) => expect(isDisguised(path, prefixes)).toBe(true));

  it.each([
    '/system/a.jpg',
    '/',
    '/system',
    '/systems/a.jpg',
    '/packs/system/a.jpg',
    '/%2573ystem/a.jpg',
    '/System/a.jpg',
    '/@user/system/',
    '/%zz',
    '/old/mediafile',
  ])('is not %s', (path) => expect(isDisguised(path, prefixes)).toBe(false));
});
