/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78) of journal entries, by eight tables: eight
 * bytes a step. WebAssembly has no CRC instruction.
 *
 *   TABLES ┌── table 0: one byte ──┬── table 1: it, one zero byte later ──┬ … ┬── table 7 ──┐
 *          └────── 256 × u32 ──────┴──────────────────────────────────────┴───┴─────────────┘
 *
 * The tables stand at a fixed address after the module's static data, and not in it: every thread
 * that instantiates the module writes a data segment again, while other threads read it. Every
 * thread writes the same values here, and uses them only after its own init.
 */
import { CONTROL_BASE, ENTRY_LENGTH, ENTRY_SALT, ENTRY_SEQ } from './generated/layout';

const TABLES: u32 = CONTROL_BASE - 8192;
const POLYNOMIAL: u32 = 0x82f63b78;

/** False if the module's static data has grown into the tables' place. */
export function initCrc(): bool {
  if (__heap_base > TABLES) return false;
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
    store<u32>(TABLES + (i << 2), crc);
  }
  for (let i: u32 = 256; i < 2048; i++) {
    const before = load<u32>(TABLES + ((i - 256) << 2));
    store<u32>(TABLES + (i << 2), (before >>> 8) ^ entry(0, before & 0xff));
  }
  return true;
}

export function crc32c(pointer: usize, bytes: u32, seed: u32): u32 {
  let crc = ~seed;
  const end = pointer + bytes;
  while (pointer + 8 <= end) {
    const low = load<u32>(pointer) ^ crc;
    const high = load<u32>(pointer, 4);
    crc =
      entry(7, low & 0xff) ^ entry(6, (low >>> 8) & 0xff) ^
      entry(5, (low >>> 16) & 0xff) ^ entry(4, low >>> 24) ^
      entry(3, high & 0xff) ^ entry(2, (high >>> 8) & 0xff) ^
      entry(1, (high >>> 16) & 0xff) ^ entry(0, high >>> 24);
    pointer += 8;
  }
  while (pointer < end) {
    crc = (crc >>> 8) ^ entry(0, (crc ^ load<u8>(pointer)) & 0xff);
    pointer++;
  }
  return ~crc;
}

/** Seals an entry: sets seq and salt, then the CRC over everything after the CRC itself. */
export function sealEntry(pointer: usize, seq: f64, salt: u32): void {
  store<u64>(pointer, u64(seq), ENTRY_SEQ);
  store<u32>(pointer, salt, ENTRY_SALT);
  const length = load<u32>(pointer, ENTRY_LENGTH);
  store<u32>(pointer, crc32c(pointer + ENTRY_LENGTH, length - u32(ENTRY_LENGTH), 0));
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u32): u32 {
  return load<u32>(TABLES + (table << 10) + (byte << 2));
}
