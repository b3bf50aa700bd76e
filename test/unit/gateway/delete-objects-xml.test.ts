import { describe, expect, it } from 'vitest';
import {
  deleteRequestXml,
  deleteResultXml,
  readDeleteRequest,
  readDeleteResult,
} from '../../../src/gateway/delete-objects-xml.ts';
import { codeOf } from './raw-request-of.ts';

const read = (inner: string) => readDeleteRequest(Buffer.from(`<Delete>${inner}</Delete>`));
const object = (key: string) => `<Object><Key>${key}</Key></Object>`;

describe('a DeleteObjects request', () => {
  it('names keys in order, each once', () => {
    expect(read(`${object('b')}${object('a &amp; c')}${object('b')}<Quiet>true</Quiet>`)).toEqual({
      quiet: true,
      keys: ['b', 'a & c'],
      refused: [],
    });
    expect(read(object('a')).quiet).toBe(false);
  });

  it('is answered key by key where one is refused', () => {
    const { keys, refused } = read(
      [
        object('good'),
        object('_upstairs/identity'),
        object('a/../b'),
        object('x'.repeat(1025)),
        object(''),
        '<Object><Key>v</Key><VersionId>null</VersionId></Object>',
        '<Object><Key>e</Key><ETag>"abc"</ETag></Object>',
      ].join(''),
    );
    expect(keys).toEqual(['good']);
    expect(refused.map(({ key, code }) => [key.slice(0, 20), code])).toEqual([
      ['_upstairs/identity', 'AccessDenied'],
      ['a/../b', 'InvalidURI'],
      ['x'.repeat(20), 'KeyTooLongError'],
      ['', 'InvalidArgument'],
      ['v', 'NotImplemented'],
      ['e', 'NotImplemented'],
    ]);
  });

  it('keeps white space in keys', () => {
    expect(read(object(' a ')).keys).toEqual([' a ']);
  });

  it.each([
    ['no key', ''],
    ['1001 keys', object('a').repeat(1001)],
    ['an object without key', '<Object/>'],
    ['two keys in an object', '<Object><Key>a</Key><Key>b</Key></Object>'],
    ['an element in a key', '<Object><Key><Key>a</Key></Key></Object>'],
    ['something else', `${object('a')}<Force>true</Force>`],
    ['something else in an object', '<Object><Key>a</Key><Force>true</Force></Object>'],
    ['a doubtful Quiet', `${object('a')}<Quiet>maybe</Quiet>`],
    ['3 MiB', object('x'.repeat(3 * 1024 * 1024))],
  ])('with %s is MalformedXML', (_, inner) => {
    expect(codeOf(() => read(inner))).toBe('MalformedXML');
  });

  it('may hold 1000 keys of the greatest length', () => {
    const keys = Array.from(
      { length: 1000 },
      (_, i) => `${`${'k'.repeat(250)}/`.repeat(4)}${String(i).padStart(20, '0')}`,
    );
    expect(readDeleteRequest(Buffer.from(deleteRequestXml(keys, ''))).keys).toEqual(keys);
  });
});

describe('the answer to it', () => {
  it('is read from the store without its key prefix; of some keys nothing may be said', () => {
    const results = readDeleteResult(
      Buffer.from(
        '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Deleted><Key>x/b</Key></Deleted>' +
          '<Error><Key>x/a</Key><Code>AccessDenied</Code><Message></Message></Error></DeleteResult>',
      ),
      'x/',
    );
    expect([...results]).toEqual([
      ['b', 'deleted'],
      ['a', { code: 'AccessDenied', message: '' }],
    ]);
    expect(codeOf(() => readDeleteResult(Buffer.from('<html/>'), ''))).toBe('InternalError');
  });

  it('is quiet about what was deleted, never about what was not', () => {
    const failed = [{ key: 'a<\u0001', code: 'SlowDown', message: 'Later.' }];
    expect(deleteResultXml({ quiet: true, deleted: ['b'], failed })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        '<Error><Key>a&lt;&#1;</Key><Code>SlowDown</Code><Message>Later.</Message></Error></DeleteResult>',
    );
    expect(deleteResultXml({ quiet: false, deleted: ['b'], failed: [] })).toContain('<Deleted><Key>b</Key></Deleted>');
  });

  it('asks the store with its key prefix', () => {
    expect(deleteRequestXml(['a&b'], 'x/')).toContain('<Object><Key>x/a&amp;b</Key></Object>');
  });
});
