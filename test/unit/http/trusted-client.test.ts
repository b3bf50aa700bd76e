import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { peerOf, TrustedPeers } from '../../../src/http/trusted-peers.ts';

const peers = new TrustedPeers(['10.0.0.0/8', '::1']);
const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('the client behind trusted proxies', () => {
  it.each([
    ['a stranger, whatever it says', '203.0.113.7', '1.2.3.4', '203.0.113.7'],
    ['whom the proxy names', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['not whom the client named before', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['behind two proxies', '::1', '6.6.6.6, 1.2.3.4, 10.1.1.1', '1.2.3.4'],
    ['the proxy itself, where it names nobody', '10.0.0.1', undefined, '10.0.0.1'],
    ['the last that is an address', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['on an IPv6 socket', '::ffff:10.0.0.1', '::ffff:1.2.3.4', '1.2.3.4'],
  ])('is %s', (_, peer, forwarded, client) => expect(peers.clientOf(from(peer, forwarded))).toBe(client));

  it('is written as IPv4 where it is', () => {
    expect(peerOf(from('::ffff:203.0.113.7'))).toBe('203.0.113.7');
    expect(peers.trusts('::ffff:10.0.0.1'.slice(7))).toBe(true);
    expect(peers.trusts('')).toBe(false);
  });
});
