/** The id index against a Map: any changes, in any batches, over ids near and far. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tier2 } from '../../../src/master/storage/tier2.js';

let directory: string;
let tier2: Tier2;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'orchard-ids-'));
  tier2 = new Tier2(directory, { mapBytes: 2 ** 28 });
});

afterAll(async () => {
  await tier2.close();
  rmSync(directory, { recursive: true, force: true });
});

const someId = fc.oneof(
  fc.integer({ min: 1, max: 80 }),
  fc.integer({ min: 1000, max: 1040 }),
  fc.integer({ min: 2 ** 40, max: 2 ** 40 + 20 }),
);
const someKey = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc.uint8Array({ minLength: 250, maxLength: 264 }),
  // Keys as they are: much in common at both ends.
  fc
    .tuple(fc.stringMatching(/^a{0,200}[01]{0,9}$/), fc.constantFrom('', '.dat', 'a'.repeat(30)))
    .map((parts) => Buffer.from(`x${parts.join('')}`)),
  fc.constant(null),
);
const someBatch = fc.array(fc.record({ id: someId, key: someKey }), { maxLength: 60 });

test('holds what a Map holds, after every batch', () => {
  const model = new Map<number, string>();
  fc.assert(
    fc.property(fc.array(someBatch, { maxLength: 6 }), (batches) => {
      for (const batch of batches) {
        tier2.transact(() => tier2.ids.write([...batch]));
        for (const { id, key } of batch) {
          if (key === null) model.delete(id);
          else model.set(id, Buffer.from(key).toString('hex'));
        }
        tier2.releaseSnapshot();
        expect([...tier2.ids.all()]).toEqual([...model.keys()].sort((a, b) => a - b));
        for (const { id } of batch) {
          const found = tier2.ids.get(id);
          const text = found === undefined ? undefined : Buffer.from(found).toString('hex');
          expect(text).toBe(model.get(id));
        }
      }
    }),
    { numRuns: 60 },
  );
});
