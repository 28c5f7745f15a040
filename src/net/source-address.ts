/**
 * The client of a connection, for bounds on one client: its address, or for IPv6 the upper half,
 * because one host owns the whole lower half. All callers of one host, or behind one proxy, count
 * as one client.
 */
const IPV4_BYTES = 4;
const IPV4_MAPPED = '00000000000000000000ffff';
const NETWORK_BYTES = 8;

/** `address`: as uWebSockets.js tells it, 4 or 16 bytes. */
export function sourceOf(address: ArrayBuffer): string {
  const bytes = Buffer.from(address);
  if (bytes.length <= IPV4_BYTES) return bytes.toString('hex');
  const text = bytes.toString('hex');
  if (text.startsWith(IPV4_MAPPED)) return text.slice(IPV4_MAPPED.length);
  return text.slice(0, 2 * NETWORK_BYTES);
}
