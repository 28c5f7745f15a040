/** Rows of `ids` and rows of `inodes` in tier 2 are one to one. */
import { EXECUTOR } from '../../src/master/memory/layout.js';
import { readRecord } from '../../src/master/memory/record-fields.js';
import type { Fixture } from '../support/fixture.js';

const decoder = new TextDecoder();

/** Flushes, then throws unless each id leads to its inode and no other id is there. */
export function checkIdIndex(fixture: Fixture): void {
  fixture.flush();
  const { shared, kernel, base, reader } = fixture.executor;
  const keyAt = base + EXECUTOR.KEY;
  const valueAt = base + EXECUTOR.VALUE;
  const recordAt = base + EXECUTOR.RECORD;
  let inodes = 0;
  for (const { key, value } of fixture.tier2.inodes.getRange({})) {
    shared.u8.set(key, keyAt);
    shared.u8.set(value, valueAt);
    kernel.decodeRecord(keyAt, key.length, valueAt, value.length, recordAt);
    const { id } = readRecord(shared.view, recordAt);
    const found = reader.keyOfId(id);
    if (found === undefined || Buffer.compare(found, key) !== 0) {
      throw new Error(`inode ${id} hangs at ${nameOf(key)}; its id says ${nameOf(found)}`);
    }
    inodes++;
  }
  const ids = [...fixture.tier2.ids.all()].length;
  if (ids !== inodes) throw new Error(`${ids} ids for ${inodes} inodes`);
}

const nameOf = (key: Uint8Array | undefined): string =>
  key === undefined ? 'nothing' : JSON.stringify(decoder.decode(key));
