/** Goal: one host is one source, whichever of its addresses it uses. */
import { expect, test } from 'vitest';
import { sourceOf } from '../../src/net/source-address.js';

const address = (hex: string): ArrayBuffer => new Uint8Array(Buffer.from(hex, 'hex')).buffer;

test('an IPv4 address is itself, mapped into IPv6 too; of IPv6 the network counts', () => {
  expect(sourceOf(address('c0a80001'))).toBe('c0a80001');
  expect(sourceOf(address('00000000000000000000ffffc0a80001'))).toBe('c0a80001');
  const network = '20010db800000001';
  expect(sourceOf(address(`${network}0000000000000001`))).toBe(network);
  expect(sourceOf(address(`${network}ffffffffffffffff`))).toBe(network);
});
