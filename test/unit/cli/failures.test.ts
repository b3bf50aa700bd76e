import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../src/cli/csv.ts';
import { summary } from '../../../src/cli/failures.ts';
import { mediaUrl } from '../../../src/cli/media-url.ts';

describe('the list of what is lost', () => {
  test.each([
    [[{ host: 'files.example.social', prefix: '/' }], 'a/b c.jpg', 'https://files.example.social/a/b%20c.jpg'],
    [[{ host: 'example.social', prefix: '/system' }], 'ü?.jpg', 'https://example.social/system/%C3%BC%3F.jpg'],
    [
      [
        { host: '*', prefix: '/x/' },
        { host: 'files.example.social', prefix: '/media/' },
      ],
      'a.jpg',
      'https://files.example.social/media/a.jpg',
    ],
    [[{ host: '*', prefix: '/' }], 'a.jpg', '/a.jpg'],
  ])('with the routes %j has for the key %s the URL %s', (routes, key, url) => {
    expect(mediaUrl({ read: { routes } as never }, key)).toBe(url);
  });

  test('is CSV whatever is in a key', () => {
    expect(csvLine(['plain', 'with "quotes"', 'a,b', 'two\nlines', undefined, 5])).toBe(
      'plain,"with ""quotes""","a,b","two\nlines",,5\r\n',
    );
  });
});

test('a summary says what each reason means, and what to do', () => {
  expect(summary([])).toEqual(['no failures']);
  expect(
    summary([
      { reason: 'damaged', state: 'given-up', keys: 2 },
      { reason: 'slow-down', state: 'waiting', keys: 1 },
    ]),
  ).toEqual([
    expect.stringMatching(/^2 damaged, given up: the medium gives it no more; .*ddrescue/),
    '1 slow-down, tried again by themselves: the store asked to be asked less; nothing: it is tried again by itself',
  ]);
});
