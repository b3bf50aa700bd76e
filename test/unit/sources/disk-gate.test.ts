import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DiskGate, type GateLimits } from '../../../src/sources/disk-gate.ts';

const busy = { name: 'SourceReadError', code: 'BUSY' };
const late = { name: 'SourceReadError', code: 'TIMEOUT' };

/** An operation of a disk that answers when the test says. */
class Operation {
  started = 0;
  readonly answer = Promise.withResolvers<string>();
  readonly run = (): Promise<string> => {
    this.started += 1;
    return this.answer.promise;
  };
}

/** The promise's end, looked at whenever one likes. */
function watched(promise: Promise<unknown>): { state: unknown } {
  const seen: { state: unknown } = { state: 'pending' };
  promise.then(
    (value) => {
      seen.state = value;
    },
    (error) => {
      seen.state = error;
    },
  );
  return seen;
}

describe('the gate of a disk', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const gateWith = (change: Partial<GateLimits> = {}) =>
    new DiskGate({ maxOutstanding: 3, maxLookups: 2, maxWaiting: 10, deadlineMs: 1000, ...change });
  const soon = () => vi.advanceTimersByTimeAsync(0);
  const many = (count: number) => Array.from({ length: count }, () => new Operation());
  const startedOf = (operations: readonly Operation[]) => operations.reduce((sum, { started }) => sum + started, 0);

  test('gives back what the operation gives, or throws what it throws', async () => {
    const gate = gateWith();
    expect(await gate.read(async () => 'bytes')).toBe('bytes');
    const eio = new Error('EIO');
    await expect(gate.lookup(() => Promise.reject(eio))).rejects.toBe(eio);
    expect(gate.load).toEqual({ outstanding: 0, stuck: 0 });
  });

  test('lets no more operations at the disk than it may have', async () => {
    const gate = gateWith();
    const operations = many(6);
    const reads = operations.map(({ run }) => watched(gate.read(run)));
    await soon();
    expect(startedOf(operations)).toBe(3);
    expect(gate.load.outstanding).toBe(3);
    operations[1]?.answer.resolve('second');
    await soon();
    expect(reads[1]?.state).toBe('second');
    expect(startedOf(operations)).toBe(4);
  });

  test('keeps places for the reads of real files in a flood of invented names', async () => {
    const gate = gateWith();
    const lookups = many(8);
    for (const { run } of lookups) watched(gate.lookup(run));
    await soon();
    expect(startedOf(lookups)).toBe(2);
    const read = new Operation();
    watched(gate.read(read.run));
    await soon();
    expect(read.started).toBe(1);
  });

  test('turns away who would wait behind too many', async () => {
    const gate = gateWith({ maxWaiting: 2 });
    const operations = many(5);
    const reads = operations.map(({ run }) => watched(gate.read(run)));
    await soon();
    await expect(gate.read(async () => 'one more')).rejects.toMatchObject(busy);
    expect(reads.every(({ state }) => state === 'pending')).toBe(true);
    operations[0]?.answer.resolve('done');
    await soon();
    const again = watched(gate.read(new Operation().run));
    await soon();
    expect(again.state).toBe('pending');
  });

  test('where nobody may wait still lets through whom there is a place for', async () => {
    const gate = gateWith({ maxWaiting: 0 });
    const operations = many(3);
    const reads = operations.map(({ run }) => watched(gate.read(run)));
    await expect(gate.read(async () => 'one more')).rejects.toMatchObject(busy);
    for (const { answer } of operations) answer.resolve('done');
    await soon();
    expect(reads.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });

  test('lets a caller go at the deadline, and not before', async () => {
    const gate = gateWith();
    const read = watched(gate.read(new Operation().run));
    await vi.advanceTimersByTimeAsync(999);
    expect(read.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(read.state).toMatchObject(late);
  });

  test('counts the wait for a turn into the deadline', async () => {
    const gate = gateWith({ maxOutstanding: 1, maxLookups: 1 });
    const first = new Operation();
    watched(gate.read(first.run));
    await vi.advanceTimersByTimeAsync(600);
    const second = new Operation();
    const waiting = watched(gate.read(second.run));
    first.answer.resolve('done');
    await soon();
    expect(second.started).toBe(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(waiting.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.state).toMatchObject(late);
  });

  test('keeps the place of an operation that the disk still owes', async () => {
    const gate = gateWith({ maxOutstanding: 2 });
    const hung = new Operation();
    watched(gate.read(hung.run));
    await vi.advanceTimersByTimeAsync(1000);
    expect(gate.load).toEqual({ outstanding: 1, stuck: 1 });
    const others = many(2);
    for (const { run } of others) watched(gate.read(run));
    await soon();
    expect(startedOf(others)).toBe(1);
    hung.answer.resolve('at last');
    await soon();
    expect(gate.load).toEqual({ outstanding: 2, stuck: 0 });
  });

  test('counts a place as stuck no longer when the late answer is an error', async () => {
    const gate = gateWith();
    const hung = new Operation();
    watched(gate.read(hung.run));
    await vi.advanceTimersByTimeAsync(1000);
    hung.answer.reject(new Error('EIO'));
    await soon();
    expect(gate.load).toEqual({ outstanding: 0, stuck: 0 });
  });

  test('turns everybody away at once when the disk owes an answer on every place', async () => {
    const gate = gateWith();
    const hung = many(3);
    for (const { run } of hung) watched(gate.read(run));
    await vi.advanceTimersByTimeAsync(1000);
    await expect(gate.read(async () => 'x')).rejects.toMatchObject(busy);
    await expect(gate.lookup(async () => 'x')).rejects.toMatchObject(busy);
    hung[0]?.answer.resolve('at last');
    await soon();
    expect(await gate.read(async () => 'x')).toBe('x');
  });

  test('turns look-ups away at once when the disk owes an answer on every place that look-ups may have', async () => {
    const gate = gateWith();
    for (const { run } of many(2)) watched(gate.lookup(run));
    await vi.advanceTimersByTimeAsync(1000);
    const third = watched(gate.lookup(async () => 'x'));
    await soon();
    expect(third.state).toMatchObject(busy);
  });

  test('hands a late answer over to be let go of, once', async () => {
    const gate = gateWith();
    const discarded: string[] = [];
    const [hung, quick] = [new Operation(), new Operation()];
    watched(gate.lookup(hung.run, (handle) => discarded.push(handle)));
    const answered = gate.lookup(quick.run, (handle) => discarded.push(handle));
    quick.answer.resolve('quick');
    expect(await answered).toBe('quick');
    await vi.advanceTimersByTimeAsync(1000);
    expect(discarded).toEqual([]);
    hung.answer.resolve('late');
    await vi.advanceTimersByTimeAsync(5000);
    expect(discarded).toEqual(['late']);
  });

  test('never starts an operation whose caller gave up waiting', async () => {
    const gate = gateWith({ maxOutstanding: 1, maxLookups: 1 });
    const discarded: string[] = [];
    const [hung, waiting] = [new Operation(), new Operation()];
    watched(gate.lookup(hung.run));
    await vi.advanceTimersByTimeAsync(500);
    const given = watched(gate.lookup(waiting.run, (handle) => discarded.push(handle)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(given.state).toMatchObject(late);
    hung.answer.resolve('at last');
    await soon();
    expect(waiting.started).toBe(0);
    expect(discarded).toEqual([]);
    expect(gate.load).toEqual({ outstanding: 0, stuck: 0 });
  });

  test('does not count who gave up before his turn as stuck', async () => {
    const gate = gateWith({ maxOutstanding: 2, maxLookups: 1 });
    watched(gate.lookup(new Operation().run));
    watched(gate.lookup(new Operation().run));
    await vi.advanceTimersByTimeAsync(1000);
    expect(gate.load).toEqual({ outstanding: 1, stuck: 1 });
  });

  test('never refuses to let go of a descriptor, and does so when the disk answers', async () => {
    const gate = gateWith({ maxOutstanding: 1, maxLookups: 1, maxWaiting: 1 });
    const hung = new Operation();
    watched(gate.read(hung.run));
    await vi.advanceTimersByTimeAsync(1000);
    await expect(gate.read(async () => 'x')).rejects.toMatchObject(busy);
    let closed = 0;
    for (let n = 0; n < 50; n++)
      gate.release(async () => {
        closed += 1;
      });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(closed).toBe(0);
    hung.answer.resolve('at last');
    await soon();
    expect(closed).toBe(50);
  });

  test('bears a descriptor that cannot be closed', async () => {
    const gate = gateWith();
    gate.release(() => Promise.reject(new Error('EIO')));
    await soon();
    expect(await gate.read(async () => 'x')).toBe('x');
  });

  test('leaves no timer behind', async () => {
    const gate = gateWith();
    await gate.read(async () => 'x');
    await gate.lookup(async () => 'x');
    expect(vi.getTimerCount()).toBe(0);
  });
});
