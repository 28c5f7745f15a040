/** Twin of assembly/hash.ts: the same hash, spelled out in BigInt, one byte string at a time. */

const SEED = 0x9e3779b97f4a7c15n;
const PRIME_A = 0xc2b2ae3d27d4eb4fn;
const PRIME_B = 0x9fb21c651e98df25n;

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

export function hashKey(parentId: bigint, name: Uint8Array): bigint {
  let hash = wrap(wrap(parentId + SEED) * PRIME_A + BigInt(name.length) * PRIME_B);
  hash ^= hash >> 32n;
  for (const chunk of chunksOf(name)) {
    const mixed = hash ^ wrap(chunk * PRIME_B);
    hash = wrap(wrap((mixed << 29n) | (mixed >> 35n)) * PRIME_A + SEED);
  }
  hash = wrap((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn);
  hash = wrap((hash ^ (hash >> 29n)) * 0xc4ceb9fe1a85ec53n);
  return hash ^ (hash >> 32n);
}

/** The index of a key's set among `count` sets. */
export function setIndexOf(hash: bigint, count: number): number {
  return Number(((hash & 0xffff_ffffn) * BigInt(count)) >> 32n);
}

/** Eight bytes each, the last one ending where the name ends; short names in one chunk. */
function chunksOf(name: Uint8Array): bigint[] {
  const length = name.length;
  if (length === 0) return [];
  if (length < 4) return [little(Uint8Array.of(name[0]!, name[length >> 1]!, name[length - 1]!))];
  if (length < 8) return [little(name.subarray(0, 4)) | (little(name.subarray(length - 4)) << 32n)];
  const chunks: bigint[] = [];
  for (let at = 0; at < length - 8; at += 8) chunks.push(little(name.subarray(at, at + 8)));
  chunks.push(little(name.subarray(length - 8)));
  return chunks;
}

function little(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
