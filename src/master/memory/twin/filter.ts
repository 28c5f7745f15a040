/** Twin of assembly/filter.ts: the block of the filter that a hash names, and its bits. */
const PROBES = 6;
const SPREAD = 0x9fb21c651e98df25n;

/** `block` below `blockCount`, bits below 512. */
export function filterBits(
  hash: bigint,
  blockCount: number,
): { readonly block: number; readonly bits: readonly number[] } {
  const block = Number(((hash >> 32n) * BigInt(blockCount)) >> 32n);
  let rest = BigInt.asUintN(64, (hash ^ (hash >> 31n)) * SPREAD) >> 10n;
  const bits: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    bits.push(Number(rest & 511n));
    rest >>= 9n;
  }
  return { block, bits };
}
