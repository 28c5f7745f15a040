/**
 * The one order of names: by the bytes of their UTF-8 form, as the journal, LMDB and S3 sort.
 * Pure.
 *
 * JavaScript compares UTF-16 code units, which differs in one place: surrogates (U+D800…U+DFFF,
 * the halves of what lies above U+FFFF) come before U+E000…U+FFFF there, but their UTF-8 bytes
 * come after. Moving both ranges past each other before comparing makes the two orders the same,
 * without encoding anything.
 */
export function compareNames(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return utf8Rank(leftUnit) - utf8Rank(rightUnit);
  }
  return left.length - right.length;
}

function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
