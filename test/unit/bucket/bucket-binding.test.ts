import { beforeEach, describe, expect, test } from 'vitest';
import { type BindingOptions, BucketBinding } from '../../../src/bucket/bucket-binding.ts';
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
  let replaced: number;
  let afterReplace: () => void;
  let losses: (string | undefined)[];
  let make: (options?: Partial<BindingOptions>) => BucketBinding;
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
    replaced = 0;
    afterReplace = () => undefined;
    losses = [];
    const store =
      <T>(answer: () => T) =>
      async () => {
        if (down) throw down;
        return answer();
      };
    const setup: Pick<BucketSetup, 'versioned' | 'create' | 'replace' | 'honoursIfNoneMatch' | 'honoursAcls'> = {
      versioned: store(() => versioned),
      honoursIfNoneMatch: store(() => conditional),
      async honoursAcls(publicStatus) {
        if (down) throw down;
        return (await publicStatus('a key')) === 200;
      },
      async create(key, text) {
        beforeCreate();
        if (down) throw down;
        created.push(key);
        if (object !== undefined) return false;
        object = text;
        return true;
      },
      async replace(_key, text) {
        beforeCreate();
        if (down) throw down;
        replaced += 1;
        object = text;
        afterReplace();
      },
    };
    make = (options = {}) =>
      new BucketBinding({
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
        ...options,
      });
    binding = make();
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

  test('is refused at every start where reads are signed and the bucket honours ACLs', async () => {
    for (const start of ['the first', 'a later one']) {
      binding = make({ publicStatus: async () => 200 });
      expect([start, await binding.check()]).toEqual([start, 'unknown']);
      expect(binding.refused).toMatchObject({
        code: 'BUCKET_ACLS',
        message: expect.stringContaining('set bucket.acls: true and bucket.reads: anonymous'),
      });
      expect(binding.conditional).toBeUndefined();
    }
  });

  test('is made where reads are signed and no ACL is honoured', async () => {
    binding = make({ publicStatus: async () => 403 });
    expect(await binding.check()).toBe('ours');
    expect([binding.refused, binding.conditional]).toEqual([undefined, true]);
  });

  test('waits where reads are signed and it cannot be found out whether ACLs are honoured', async () => {
    const publicStatus = async (): Promise<number> => {
      throw new Error('ECONNRESET');
    };
    binding = make({ publicStatus });
    expect(await binding.check()).toBe('unknown');
    expect([binding.refused, binding.conditional]).toEqual([undefined, undefined]);
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

  describe('whose loss the operator accepts', () => {
    const another = JSON.stringify({ ledger: 'another-id' });
    const accepting = () => make({ acceptLoss: (from) => losses.push(from) });

    test('is made by a new ledger with a bucket of another one, once, and tells whose it was', async () => {
      object = another;
      binding = accepting();
      expect(await binding.check()).toBe('ours');
      expect(object).toBe(ours);
      expect(bound).toEqual(here);
      expect([binding.bound, binding.foreign, binding.conditional]).toEqual([true, false, true]);
      expect(losses).toEqual(['another-id']);
    });

    test('does not take the bucket back from whoever took it later', async () => {
      object = another;
      binding = accepting();
      await binding.check();
      object = another;
      expect(await binding.check()).toBe('other');
      expect([object, replaced]).toEqual([another, 1]);
    });

    test.each([
      ['the bucket is ours', here, ours, 'ours'],
      ['the bucket is of another', here, another, 'other'],
      ['the bucket is empty', here, undefined, 'absent'],
      ['it is bound to another bucket', { ...here, bucket: 'the old one' }, another, 'other'],
    ])('changes nothing for a ledger that is bound: %s', async (_name, to, text, state) => {
      bound = to;
      object = text;
      binding = accepting();
      expect(await binding.check()).toBe(state);
      expect([object, replaced, bound]).toEqual([text, 0, to]);
      expect(losses).toEqual([undefined]);
      await binding.check();
      expect(losses).toEqual([undefined]);
    });

    test('has nothing to accept in a bucket without an identity', async () => {
      binding = accepting();
      expect(await binding.check()).toBe('ours');
      expect([created, replaced, losses]).toEqual([[identityKey], 0, [undefined]]);
    });

    test('waits for a store that cannot be asked', async () => {
      object = another;
      down = new Error('ECONNREFUSED');
      binding = accepting();
      expect(await binding.check()).toBe('unknown');
      expect([losses, replaced, bound]).toEqual([[], 0, undefined]);
      down = undefined;
      expect(await binding.check()).toBe('ours');
      expect(losses).toEqual(['another-id']);
    });

    test('survives a crash between the identity object and the note of it', async () => {
      object = another;
      afterReplace = () => {
        down = new Error('the process died');
      };
      expect(await accepting().check()).toBe('unknown');
      expect(bound).toBeUndefined();
      down = undefined;
      binding = make();
      expect(await binding.check()).toBe('ours');
      expect(bound).toEqual(here);
    });

    test('is not made when another one took the bucket over at the same time', async () => {
      object = another;
      afterReplace = () => {
        object = JSON.stringify({ ledger: 'a-third-id' });
      };
      binding = accepting();
      expect(await binding.check()).toBe('other');
      expect(await binding.check()).toBe('other');
      expect([binding.bound, bound, losses, replaced]).toEqual([false, undefined, [], 1]);
    });

    test('tells whose bucket it was, also when the answer to the takeover was lost', async () => {
      object = another;
      afterReplace = () => {
        afterReplace = () => undefined;
        throw new Error('socket hang up');
      };
      binding = accepting();
      expect(await binding.check()).toBe('unknown');
      expect(await binding.check()).toBe('ours');
      expect([bound, losses, replaced]).toEqual([here, ['another-id'], 1]);
    });

    test('is never made with a bucket that keeps versions', async () => {
      object = another;
      versioned = true;
      binding = accepting();
      expect(await binding.check()).toBe('unknown');
      expect(binding.refused).toMatchObject({ code: 'BUCKET_VERSIONED' });
      expect([object, replaced, bound]).toEqual([another, 0, undefined]);
    });
  });
});
