/**
 * Twin of the tier-1 kernels together with tier 2: the namespace after a series of changes, as one
 * Map. It has no sets, no eviction and no epochs. The kernels, which have them, must give the same
 * answers.
 */
import type { RecordFields } from '../record-fields.js';

export type TwinChange =
  | { readonly kind: 'put'; readonly record: RecordFields }
  | { readonly kind: 'remove'; readonly parentId: number; readonly name: Uint8Array }
  | {
      readonly kind: 'parent';
      readonly grandparentId: number;
      readonly parentId: number;
      readonly mtimeMs: number;
      readonly childDelta: number;
      readonly name: Uint8Array;
    };

export class TierTwin {
  readonly records = new Map<string, RecordFields>();

  /** Names from `from` on (after it: `isAfter`), sorted. */
  children(parentId: number, from: Uint8Array, isAfter: boolean): RecordFields[] {
    return [...this.records.values()]
      .filter((record) => record.parentId === parentId)
      .filter(({ name }) => Buffer.compare(name, from) >= (isAfter ? 1 : 0))
      .sort((a, b) => Buffer.compare(a.name, b.name));
  }

  get(parentId: number, name: Uint8Array): RecordFields | undefined {
    return this.records.get(twinKey(parentId, name));
  }

  apply(seq: number, changes: readonly TwinChange[]): void {
    for (const change of changes) {
      if (change.kind === 'put') {
        const { record } = change;
        this.records.set(twinKey(record.parentId, record.name), { ...record, seq });
      } else if (change.kind === 'remove') {
        this.records.delete(twinKey(change.parentId, change.name));
      } else {
        const key = twinKey(change.grandparentId, change.name);
        const found = this.records.get(key);
        if (found === undefined || found.id !== change.parentId || found.seq >= seq) continue;
        const length = Math.max(0, found.length + change.childDelta);
        const mtimeMs = Math.max(found.mtimeMs, change.mtimeMs);
        this.records.set(key, { ...found, length, mtimeMs, seq });
      }
    }
  }
}

export function twinKey(parentId: number, name: Uint8Array): string {
  return `${parentId}/${String.fromCharCode(...name)}`;
}
