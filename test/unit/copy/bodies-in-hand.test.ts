import { describe, expect, test } from 'vitest';
import { BodiesInHand } from '../../../src/copy/bodies-in-hand.ts';
import { fakeBody } from './fake-body.ts';

describe('bytes that readers brought along', () => {
  test('are taken once, by the copy that begins', () => {
    const inHand = new BodiesInHand();
    const body = fakeBody('x');
    inHand.put('a', body);
    expect(inHand.take('a')).toBe(body);
    expect(inHand.take('a')).toBeUndefined();
    expect(inHand.size).toBe(0);
    expect(body.released).toBe(0);
  });

  test('of a second reader replace those of the first, which are let go', () => {
    const inHand = new BodiesInHand();
    const [first, second] = [fakeBody('x'), fakeBody('x')];
    inHand.put('a', first);
    inHand.put('a', second);
    expect([first.released, second.released]).toEqual([1, 0]);
    expect(inHand.size).toBe(1);
    expect(inHand.take('a')).toBe(second);
  });

  test('are offered most asked-for first', () => {
    const inHand = new BodiesInHand();
    for (const key of ['a', 'b', 'c']) inHand.put(key, fakeBody(key));
    inHand.asked('c');
    inHand.asked('c');
    inHand.asked('b');
    inHand.asked('unknown');
    expect(inHand.keys()).toEqual(['c', 'b', 'a']);
  });

  test('are bounded: what is too many is let go', () => {
    const inHand = new BodiesInHand();
    const bodies = Array.from({ length: 1500 }, (_, n) => fakeBody(`${n}`));
    for (const [n, body] of bodies.entries()) inHand.put(`key ${n}`, body);
    expect(inHand.size + bodies.filter((body) => body.released === 1).length).toBe(1500);
    expect(inHand.size).toBeLessThanOrEqual(1000);
  });

  test('are all let go, each once, when nothing can be copied', () => {
    const inHand = new BodiesInHand();
    const bodies = ['a', 'b'].map((key) => fakeBody(key));
    for (const [n, body] of bodies.entries()) inHand.put(`${n}`, body);
    inHand.clear();
    inHand.clear();
    expect(bodies.map((body) => body.released)).toEqual([1, 1]);
    expect(inHand.keys()).toEqual([]);
  });
});
