import { beforeEach, describe, expect, test } from 'vitest';
import { BucketBinding } from '../../../src/bucket/bucket-binding.ts';
import type { BucketSetup } from '../../../src/bucket/bucket-setup.ts';
import { identityKey } from '../../../src/bucket/identity.ts';
import type { Binding } from '../../../src/ledger/ledger.ts';

const here = { endpoint: 'https://s3.example', bucket: 'media' };
const ours = JSON.stringify({ ledger: 'our-id' });

describe('the binding of a ledger to a bucket', () => {
  let bound: Binding | undefined;
  let object: string | undefined;
  let versioned: boolean;
  let conditional: boolean;
  let down: Error | undefined;
  let beforeCreate: () => void;
  let created: string[];
  let troubles: unknown[];
  let reads: number;
  let binding: BucketBinding;

  beforeEach(() => {
    bound = undefined;
    object = undefined;
    versioned = false;
    conditional = true;
    down = undefined;
    beforeCreate = () => undefined;
    created = [];
    troubles = [];
    reads = 0;
    const store =
      <T>(answer: () => T) =>
      async () => {
        if (down) throw down;
        return answer();
      };
    const setup: Pick<BucketSetup, 'versioned' | 'create' | 'honoursIfNoneMatch'> = {
      versioned: store(() => versioned),
      honoursIfNoneMatch: store(() => conditional),
      async create(key, text) {
        beforeCreate();
        if (down) throw down;
        created.push(key);
        if (object !== undefined) return false;
        object = text;
        return true;
      },
    };
    binding = new BucketBinding({
      ...here,
      ledger: {
        id: 'our-id',
        binding: async () => bound,
        bind: async (to) => {
          bound = to;
        },
      },
      setup: setup as BucketSetup,
      readIdentity: store(() => {
        reads += 1;
        return object;
      }),
      troubled: (error) => troubles.push(error),
    });
  });

  test('is made at first contact with an empty bucket', async () => {
    expect(await binding.check()).toBe('ours');
    expect(created).toEqual([identityKey]);
    expect(object).toBe(ours);
    expect(bound).toEqual(here);
    expect(binding.bound).toBe(true);
    expect(binding.conditional).toBe(true);
  });

  const objects: [string, string | undefined][] = [
    ['absent', undefined],
    ['ours', ours],
    ['of another ledger', JSON.stringify({ ledger: 'another-id' })],
    ['no JSON', 'hello'],
    ['JSON of another kind', '{"ledger":5}'],
    ['a bare word', '"our-id"'],
    ['null', 'null'],
    ['empty', ''],
  ];
  const expected: Record<string, { never: [string, boolean]; bound: string }> = {
    absent: { never: ['ours', false], bound: 'absent' },
    ours: { never: ['ours', false], bound: 'ours' },
  };

  describe.each(objects)('where the identity is %s', (name, text) => {
    const { never, bound: whenBound } = expected[name] ?? { never: ['other', true], bound: 'other' };

    test(`a ledger that was never bound finds it "${never[0]}"`, async () => {
      object = text;
      expect(await binding.check()).toBe(never[0]);
      expect(binding.foreign).toBe(never[1]);
      expect(binding.bound).toBe(!never[1]);
      expect(created).toEqual(text === undefined ? [identityKey] : []);
      if (text !== undefined) expect(object).toBe(text);
      expect(bound).toEqual(never[0] === 'ours' ? here : undefined);
      expect(binding.conditional).toBe(never[0] === 'ours' ? true : undefined);
    });

    test(`a ledger that is bound finds it "${whenBound}" and creates nothing`, async () => {
      bound = here;
      object = text;
      expect(await binding.check()).toBe(whenBound);
      expect(created).toEqual([]);
      expect(object).toBe(text);
      expect(bound).toEqual(here);
      expect(binding.foreign).toBe(false);
      expect(binding.bound).toBe(true);
    });
  });

  test('is not moved to another bucket by a changed configuration, whatever that bucket holds', async () => {
    bound = { endpoint: here.endpoint, bucket: 'the old one' };
    for (const text of [undefined, ours]) {
      object = text;
      expect(await binding.check()).toBe('other');
    }
    expect(created).toEqual([]);
    expect(bound.bucket).toBe('the old one');
  });

  test('follows the same bucket to another endpoint', async () => {
    bound = { endpoint: 'https://old.example', bucket: here.bucket };
    object = ours;
    expect(await binding.check()).toBe('ours');
    expect(bound).toEqual(here);
  });

  test('is lost to another ledger that was faster', async () => {
    beforeCreate = () => {
      object = JSON.stringify({ ledger: 'another-id' });
    };
    expect(await binding.check()).toBe('other');
    expect(bound).toBeUndefined();
    expect(await binding.check()).toBe('other');
    expect(binding.foreign).toBe(true);
    expect(binding.bound).toBe(false);
  });

  test('is refused in a bucket that keeps versions, before anything is written', async () => {
    versioned = true;
    expect(await binding.check()).toBe('unknown');
    expect(binding.refused).toMatchObject({ code: 'BUCKET_VERSIONED' });
    expect(created).toEqual([]);
    expect(bound).toBeUndefined();
  });

  test('is refused in a bucket that began to keep versions while the program was not running', async () => {
    bound = here;
    object = ours;
    versioned = true;
    expect(await binding.check()).toBe('unknown');
    expect(binding.refused).toBeDefined();
    expect(binding.conditional).toBeUndefined();
  });

  test('does not throw when the store cannot be asked, tells why, and recovers', async () => {
    down = new Error('ECONNREFUSED');
    expect(await binding.check()).toBe('unknown');
    expect(troubles).toEqual([down]);
    expect(bound).toBeUndefined();
    expect(binding.conditional).toBeUndefined();
    expect(binding.refused).toBeUndefined();
    down = undefined;
    expect(await binding.check()).toBe('ours');
  });

  test('survives a crash between the identity object and the note of it', async () => {
    object = ours;
    expect(await binding.check()).toBe('ours');
    expect(bound).toEqual(here);
    expect(created).toEqual([]);
  });

  test('learns of a store that ignores If-None-Match', async () => {
    conditional = false;
    await binding.check();
    expect(binding.conditional).toBe(false);
  });

  test('tells an emptied bucket from ours', async () => {
    await binding.check();
    object = undefined;
    expect(await binding.check()).toBe('absent');
    expect(created).toEqual([identityKey]);
  });

  test('costs one small read a check', async () => {
    await binding.check();
    const before = reads;
    await binding.check();
    expect(reads).toBe(before + 1);
  });
});
