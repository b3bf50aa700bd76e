import { describe, expect, it } from 'vitest';
import { type ConditionalHeaders, type ConditionalOutcome, evaluate } from '../../../src/http/conditional.ts';
import type { ObjectMeta } from '../../../src/lib/object-meta.ts';

const mtimeMs = Date.parse('1994-11-06T08:49:37.750Z');
const tagged: ObjectMeta = { size: 10, mtimeMs, etag: '"abc"', headers: {} };
const untagged: ObjectMeta = { size: 10, mtimeMs, headers: {} };
const weak: ObjectMeta = { ...tagged, etag: 'W/"abc"' };

const before = 'Sun, 06 Nov 1994 08:49:36 GMT';
const same = 'Sun, 06 Nov 1994 08:49:37 GMT';
const after = 'Sun, 06 Nov 1994 08:49:38 GMT';
const range = 'bytes=0-1';

const notModified: ConditionalOutcome = { status: 304 };
const failed: ConditionalOutcome = { status: 412 };
const whole: ConditionalOutcome = { status: 'go', useRange: false };
const ranged: ConditionalOutcome = { status: 'go', useRange: true };

type Case = readonly [name: string, headers: ConditionalHeaders, meta: ObjectMeta, outcome: ConditionalOutcome];

const cases: readonly Case[] = [
  ['no condition', {}, tagged, whole],

  ['If-Match with our tag', { 'if-match': '"abc"' }, tagged, whole],
  ['If-Match with a list', { 'if-match': '"x" , ,"abc"' }, tagged, whole],
  ['If-Match with another tag', { 'if-match': '"x"' }, tagged, failed],
  ['If-Match compares strongly', { 'if-match': 'W/"abc"' }, tagged, failed],
  ['If-Match never matches a weak tag of ours', { 'if-match': 'W/"abc"' }, weak, failed],
  ['If-Match *', { 'if-match': '*' }, tagged, whole],
  ['If-Match * without a tag', { 'if-match': '*' }, untagged, whole],
  ['If-Match without a tag', { 'if-match': '"abc"' }, untagged, failed],
  ['If-Match without quotes', { 'if-match': 'abc' }, tagged, failed],

  ['If-Unmodified-Since, earlier', { 'if-unmodified-since': before }, tagged, failed],
  ['If-Unmodified-Since, the same second', { 'if-unmodified-since': same }, tagged, whole],
  ['If-Unmodified-Since, later', { 'if-unmodified-since': after }, tagged, whole],
  ['If-Unmodified-Since that is no date', { 'if-unmodified-since': 'yesterday' }, tagged, whole],
  ['If-Match outranks If-Unmodified-Since', { 'if-match': '"abc"', 'if-unmodified-since': before }, tagged, whole],

  ['If-None-Match with our tag', { 'if-none-match': '"abc"' }, tagged, notModified],
  ['If-None-Match compares weakly', { 'if-none-match': 'W/"abc"' }, tagged, notModified],
  ['If-None-Match with a weak tag of ours', { 'if-none-match': '"abc"' }, weak, notModified],
  ['If-None-Match with a list', { 'if-none-match': '"x,y",W/"abc"' }, tagged, notModified],
  ['If-None-Match with a comma in a tag', { 'if-none-match': '"x,"abc""' }, tagged, whole],
  ['If-None-Match with another tag', { 'if-none-match': '"x"' }, tagged, whole],
  ['If-None-Match is case-sensitive', { 'if-none-match': '"ABC"' }, tagged, whole],
  ['If-None-Match *', { 'if-none-match': '*' }, tagged, notModified],
  ['If-None-Match * without a tag', { 'if-none-match': '*' }, untagged, notModified],
  ['If-None-Match without a tag', { 'if-none-match': '"abc"' }, untagged, whole],
  ['If-None-Match without quotes', { 'if-none-match': 'abc' }, tagged, whole],
  ['If-None-Match with a tag and *', { 'if-none-match': '"abc", *' }, tagged, whole],
  ['If-None-Match, empty', { 'if-none-match': '' }, tagged, whole],

  ['If-Modified-Since, earlier', { 'if-modified-since': before }, tagged, whole],
  ['If-Modified-Since, the same second', { 'if-modified-since': same }, tagged, notModified],
  ['If-Modified-Since, later', { 'if-modified-since': after }, untagged, notModified],
  ['If-Modified-Since, obsolete form', { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, tagged, notModified],
  ['If-Modified-Since that is no date', { 'if-modified-since': '0' }, tagged, whole],
  ['If-None-Match outranks If-Modified-Since', { 'if-none-match': '"x"', 'if-modified-since': same }, tagged, whole],
  ['the same where no tag is known', { 'if-none-match': '"x"', 'if-modified-since': same }, untagged, whole],
  ['412 comes before 304', { 'if-match': '"x"', 'if-none-match': '"abc"' }, tagged, failed],
  ['304 follows a true If-Match', { 'if-match': '"abc"', 'if-none-match': '"abc"' }, tagged, notModified],
  ['304 comes before a range', { 'if-none-match': '"abc"', range }, tagged, notModified],

  ['a range', { range }, tagged, ranged],
  ['If-Range without a range', { 'if-range': '"abc"' }, tagged, whole],
  ['If-Range with our tag', { range, 'if-range': '"abc"' }, tagged, ranged],
  ['If-Range with another tag', { range, 'if-range': '"x"' }, tagged, whole],
  ['If-Range compares strongly', { range, 'if-range': 'W/"abc"' }, weak, whole],
  ['If-Range is one tag, not a list', { range, 'if-range': '"abc", "x"' }, tagged, whole],
  ['If-Range * is nothing', { range, 'if-range': '*' }, tagged, whole],
  ['If-Range without a tag', { range, 'if-range': '"abc"' }, untagged, whole],
  ['If-Range, our date', { range, 'if-range': same }, untagged, ranged],
  ['If-Range, a later date', { range, 'if-range': after }, tagged, whole],
  ['If-Range, an earlier date', { range, 'if-range': before }, tagged, whole],
  ['If-Range that is no date', { range, 'if-range': 'yesterday' }, tagged, whole],
];

describe('conditions of a read', () => {
  it.each(cases)('%s', (_name, headers, meta, outcome) => {
    expect(evaluate({ method: 'GET', headers, meta })).toEqual(outcome);
  });

  it.each(cases)('HEAD, %s: as GET, but without ranges', (_name, headers, meta, outcome) => {
    const expected = outcome.status === 'go' ? whole : outcome;
    expect(evaluate({ method: 'HEAD', headers, meta })).toEqual(expected);
  });

  it('reads a hostile list in linear time', () => {
    const began = performance.now();
    for (const filler of [' ', '"', ',', '"a" ', 'W/', '"a",']) {
      evaluate({ method: 'GET', headers: { 'if-none-match': `"a",${filler.repeat(100_000)}x` }, meta: tagged });
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
