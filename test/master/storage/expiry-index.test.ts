/** The expiry index against a Map: any changes, in any batches, over times and ids near and far. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Expiry, expiryKey, expiryOfKey } from '../../../src/master/storage/expiry-index.js';
import { Tier2 } from '../../../src/master/storage/tier2.js';

const BUCKET_MS = 65_536;
let directory: string;
let tier2: Tier2;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'orchard-expiries-'));
  tier2 = new Tier2(directory, { mapBytes: 2 ** 28 });
});

afterAll(async () => {
  await tier2.close();
  rmSync(directory, { recursive: true, force: true });
});

const near = (middle: number, by: number): fc.Arbitrary<number> =>
  fc.integer({ min: middle - by, max: middle + by });
const someId = fc.oneof(near(50, 40), near(2 ** 40, 20));
const someTime = fc.oneof(
  near(BUCKET_MS, 3),
  near(40 * BUCKET_MS, 2 * BUCKET_MS),
  near(2 ** 52, BUCKET_MS),
);
const someChange = fc.record({ expiryMs: someTime, id: someId, isDue: fc.boolean() });

/** Of one id, in one bucket, the last that was put; and what was said done is there no more. */
class Model {
  readonly #there = new Map<string, Expiry>();

  change({ expiryMs, id }: Expiry, isDue: boolean): void {
    const key = `${Math.floor(expiryMs / BUCKET_MS)} ${id}`;
    if (isDue) this.#there.set(key, { expiryMs, id });
    else if (this.#there.get(key)?.expiryMs === expiryMs) this.#there.delete(key);
  }

  due(nowMs: number): Expiry[] {
    const bucket = ({ expiryMs }: Expiry): number => Math.floor(expiryMs / BUCKET_MS);
    return [...this.#there.values()]
      .filter(({ expiryMs }) => expiryMs <= nowMs)
      .sort((a, b) => bucket(a) - bucket(b) || a.id - b.id);
  }
}

test('holds what a Map holds, after every batch, from any place on', () => {
  const model = new Model();
  const batches = fc.array(fc.array(someChange, { maxLength: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(batches, someTime, fc.nat(), (all, nowMs, pick) => {
      for (const batch of all) {
        tier2.transact(() => tier2.expiries.write([...batch]));
        for (const { isDue, ...expiry } of batch) model.change(expiry, isDue);
        tier2.releaseSnapshot();
        const expected = model.due(nowMs);
        expect([...tier2.expiries.due(nowMs)]).toEqual(expected);
        const from = expected.length === 0 ? 0 : pick % expected.length;
        const rest = [...tier2.expiries.due(nowMs, expected[from])];
        expect(rest).toEqual(expected.slice(from + 1));
        for (const expiry of expected) expect(tier2.expiries.has(expiry)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test('its key in the journal says time and id', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (expiryMs, id) => {
      expect(expiryOfKey(expiryKey({ expiryMs, id }))).toEqual({ expiryMs, id });
    }),
  );
});
