/**
 * touchAhead reads what apply will need, and changes nothing: for whole entries it ends where they
 * end; for anything else it ends within what it was given.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONTROL, EXECUTOR } from '../../../../src/master/memory/layout.js';
import { bytesOf, record, TierHarness } from './tier-harness.js';

const tier = new TierHarness(64 * 1024);
const at = tier.base + EXECUTOR.REPLY;

/** The entries, and all of the small tier. */
const sum = (): string => {
  const { u8 } = tier.shared;
  const small = tier.shared.fixed(CONTROL.SMALL_BASE);
  const hash = createHash('sha256').update(u8.slice(at, at + 65_536));
  return hash.update(u8.slice(small, small + 65_536)).digest('hex');
};

test('entries that follow each other, up to the last one', () => {
  tier.seal([{ kind: 'put', record: record({ id: 1024, name: bytesOf('a') }) }], 1, {});
  const length = tier.shared.view.getUint32(tier.entry + 4, true);
  const copies = 9;
  for (let i = 0; i < copies; i++) {
    tier.shared.u8.copyWithin(at + i * length, tier.entry, tier.entry + length);
  }
  const before = sum();
  expect(tier.kernel.touchAhead(at, at + copies * length)).toBe(at + copies * length);
  expect(tier.kernel.touchAhead(at, at + length)).toBe(at + length);
  expect(sum()).toBe(before);
});

test('any bytes: nothing is read behind them, nothing is changed, and it ends', () => {
  const word = fc.oneof(fc.nat({ max: 600 }), fc.constantFrom(0xffff_ffff, 0x8000_0000, 0));
  const words = fc.array(word, { maxLength: 300 });
  fc.assert(
    fc.property(words, (numbers) => {
      const bytes = new Uint8Array(Uint32Array.from(numbers).buffer);
      tier.shared.u8.set(bytes, at);
      const before = sum();
      const end = tier.kernel.touchAhead(at, at + bytes.length);
      expect(end).toBeGreaterThanOrEqual(Math.min(at + 1, at + bytes.length));
      expect(end).toBeLessThanOrEqual(at + bytes.length);
      expect(sum()).toBe(before);
    }),
    { numRuns: 300 },
  );
});
