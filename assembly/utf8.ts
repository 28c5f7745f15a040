/**
 * Well-formed UTF-8 as the Unicode standard's table 3-7 has it: no overlong forms, no surrogates,
 * nothing above U+10FFFF. Sixteen ASCII bytes a step, the rest one character a step.
 *
 *   first byte   second   third    fourth
 *   00 … 7f
 *   c2 … df      80 … bf
 *   e0           a0 … bf  80 … bf
 *   e1 … ef      80 … bf  80 … bf           (ed: second only to 9f)
 *   f0           90 … bf  80 … bf  80 … bf
 *   f1 … f4      80 … bf  80 … bf  80 … bf  (f4: second only to 8f)
 */

export function isUtf8(pointer: usize, bytes: u32): u32 {
  const end = pointer + bytes;
  while (pointer < end) {
    while (pointer + 16 <= end && !v128.any_true(highBits(pointer))) pointer += 16;
    if (pointer == end) return 1;
    const step = characterAt(pointer, u32(end - pointer));
    if (step == 0) return 0;
    pointer += step;
  }
  return 1;
}

// @ts-ignore: decorator
@inline
function highBits(pointer: usize): v128 {
  return v128.and(v128.load(pointer), i8x16.splat(i8(-128)));
}

/** Bytes of the well-formed character at `pointer`; 0 if there is none within `left` bytes. */
function characterAt(pointer: usize, left: u32): u32 {
  const first = u32(load<u8>(pointer));
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || left < 2) return 0;
  const second = u32(load<u8>(pointer, 1));
  if (first < 0xe0) return isTail(second) ? 2 : 0;
  let low: u32 = 0x80;
  let high: u32 = 0xbf;
  if (first == 0xe0) low = 0xa0;
  else if (first == 0xed) high = 0x9f;
  else if (first == 0xf0) low = 0x90;
  else if (first == 0xf4) high = 0x8f;
  if (second < low || second > high) return 0;
  if (left < 3 || !isTail(load<u8>(pointer, 2))) return 0;
  if (first < 0xf0) return 3;
  return left >= 4 && isTail(load<u8>(pointer, 3)) ? 4 : 0;
}

// @ts-ignore: decorator
@inline
function isTail(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}
