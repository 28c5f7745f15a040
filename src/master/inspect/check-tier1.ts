/**
 * Compares tier 1 with tier 2 while both are in use. A clean slot must agree with tier 2, even that
 * a name is absent; a dirty slot must not be older.
 *
 * Why this raises no false alarm: tier 2 is read from a snapshot that is taken after the set was
 * copied. A slot that is clean in the copy was committed before, so the snapshot has that state or
 * a newer one. A newer state went through the slot, which is then no longer as it was copied. So if
 * the two differ and the set is unchanged, they really differ.
 */
import { setImmediate } from 'node:timers/promises';
import { readU64 } from '../../base/word64.js';
import * as R from '../memory/record.js';
import { readRecord, recordBytes } from '../memory/record-fields.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Tier2 } from '../storage/tier2.js';
import { SetCopy, type SlotCopy } from '../tier/set-copy.js';
import type { Findings } from './findings.js';
import { RecordCodec } from './record-codec.js';

const SETS_PER_TURN = 256;
/** A set that changes during every look is busy, not wrong. */
const TRIES_MAX = 16;

/** How many slots were compared. */
export async function checkTier1(
  shared: SharedMemory,
  tier2: Tier2,
  findings: Findings,
  signal: AbortSignal,
): Promise<number> {
  const check = new Tier1Check(shared, tier2, findings);
  for (let set = 0; set < check.setCount; set++) {
    check.check(set);
    if (set % SETS_PER_TURN !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  tier2.releaseSnapshot();
  return check.slots;
}

class Tier1Check {
  slots = 0;
  readonly #tier2: Tier2;
  readonly #findings: Findings;
  readonly #copy: SetCopy;
  readonly #view: DataView;
  readonly #codec = new RecordCodec();

  constructor(shared: SharedMemory, tier2: Tier2, findings: Findings) {
    this.#tier2 = tier2;
    this.#findings = findings;
    this.#copy = new SetCopy(shared);
    this.#view = new DataView(this.#copy.bytes.buffer);
  }

  get setCount(): number {
    return this.#copy.setCount;
  }

  check(set: number): void {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const slots = this.#copy.copy(set);
      if (slots.length === 0) return;
      this.#tier2.releaseSnapshot();
      const wrong = slots.map((slot) => [slot, this.#difference(slot)] as const);
      if (wrong.every(([, what]) => what === undefined)) {
        this.slots += slots.length;
        return;
      }
      if (!this.#copy.isUnchanged(set)) continue;
      for (const [slot, what] of wrong) if (what !== undefined) this.#add(slot, what);
      return;
    }
  }

  /** The fault of a slot, or undefined. */
  #difference({ record, isDirty }: SlotCopy): string | undefined {
    const { bytes } = this.#copy;
    const name = bytes.slice(
      record + R.RECORD_NAME,
      record + R.RECORD_NAME + bytes[record + R.RECORD_NAME_LEN]!,
    );
    const parentId = readU64(this.#view, record + R.RECORD_PARENT_ID);
    const key = this.#codec.keyOf(parentId, name);
    const value = this.#tier2.inodes.get(key);
    const isThere = value !== undefined && this.#codec.decode(key, value);
    if (isDirty) {
      if (!isThere) return undefined;
      const stored = readU64(this.#codec.view, this.#codec.at + R.RECORD_SEQ);
      const seq = readU64(this.#view, record + R.RECORD_SEQ);
      return stored <= seq ? undefined : `changed at entry ${seq}, and on disk at ${stored}`;
    }
    const isCached = readU64(this.#view, record + R.RECORD_ID) !== 0;
    if (!isCached) return isThere ? 'absent in memory, and on disk it is not' : undefined;
    if (!isThere) return 'in memory, and not on disk';
    const length = recordBytes(name.length);
    const stored = this.#codec.u8.subarray(this.#codec.at, this.#codec.at + length);
    const isSame = Buffer.compare(bytes.subarray(record, record + length), stored) === 0;
    return isSame ? undefined : 'the record in memory is not the one on disk';
  }

  #add({ record }: SlotCopy, what: string): void {
    const { id, parentId, name } = readRecord(this.#view, record);
    const path = `(inode ${parentId})/${new TextDecoder().decode(name)}`;
    this.#findings.add('tier1-differs', id, path, what);
  }
}
