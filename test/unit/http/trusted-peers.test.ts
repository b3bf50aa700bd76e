import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { TrustedPeers } from '../../../src/http/trusted-peers.ts';

function requestFrom(remoteAddress: string | undefined, proto?: string, encrypted = false): IncomingMessage {
  const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto };
  return { socket: { remoteAddress, encrypted }, headers } as unknown as IncomingMessage;
}

const peers = new TrustedPeers(['127.0.0.1', '10.1.0.0/16', '::1', 'fd00::/8']);
const secure = (...from: Parameters<typeof requestFrom>) => peers.secure(requestFrom(...from));

describe('bytes came over TLS', () => {
  test.each(['127.0.0.1', '10.1.2.3', '::1', 'fd00::7', '::ffff:127.0.0.1', '::ffff:10.1.255.255'])(
    'as far as the trusted proxy %s says',
    (address) => {
      expect(secure(address)).toBe(true);
      expect(secure(address, 'https')).toBe(true);
      expect(secure(address, 'http')).toBe(false);
    },
  );

  test.each(['http', 'HTTP', 'https, http', 'http,https', ' http '])(
    'not when a trusted proxy says that it took them in plain text: "%s"',
    (proto) => {
      expect(secure('127.0.0.1', proto)).toBe(false);
    },
  );

  test.each(['127.0.0.2', '10.2.0.0', '::2', 'fe80::1', '::ffff:192.168.0.1'])(
    'not when %s says so, which is nobody we know',
    (address) => {
      expect(secure(address, 'https')).toBe(false);
    },
  );

  test('not when nobody is trusted', () => {
    expect(new TrustedPeers([]).secure(requestFrom('127.0.0.1', 'https'))).toBe(false);
  });

  test('not when the client has left and its address with it', () => {
    expect(secure(undefined, 'https')).toBe(false);
  });

  test('when they came over TLS to us', () => {
    expect(secure('192.0.2.1', undefined, true)).toBe(true);
  });
});
