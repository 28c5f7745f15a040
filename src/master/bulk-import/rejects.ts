/**
 * Entries that an import leaves out, by reason and with the lines of the first ones. So nothing is
 * lost silently, and a bad manifest takes no more memory than a good one.
 */
import { type SkipReason, skipTexts } from '../../base/skip-reasons.js';
import { Code, StatusError } from '../../base/status.js';
import type { EntryBatch } from './entry-batch.js';

const SAMPLES_MAX = 20;
const TEXT_BYTES_MAX = 200;

/** What a store itself leaves out of its listings. */
type StoreReason = `store-${SkipReason}`;

export const storeReason = (reason: SkipReason): StoreReason => `store-${reason}`;

const storeReasons = Object.fromEntries(
  Object.entries(skipTexts).map(([reason, text]) => [`store-${reason}`, text]),
) as Readonly<Record<StoreReason, string>>;

export const rejectReasons = {
  ...storeReasons,
  empty: 'the path is empty or has an empty component',
  dots: 'the path has a component "." or ".."',
  name: 'a name is longer than 255 bytes',
  path: 'the path is longer than 4096 bytes',
  depth: 'the path is deeper than 256 components',
  nul: 'the path holds a NUL byte',
  utf8: 'the path is not UTF-8',
  escape: 'the path is not URL-encoded',
  reserved: 'the name is kept for the mount itself',
  columns: 'a column is missing',
  length: 'the length is not a whole number',
  time: 'the time is neither ISO 8601 nor a number of seconds',
  record: 'the record is longer than 64 KiB, or a quote is not closed',
  outside: 'the key is not below what the mount shows',
  moved: 'the namespace has it elsewhere: it was renamed or deleted',
  duplicate: 'the path was there before',
  shadowed: 'a directory has the same name',
} as const;

export type RejectReason = keyof typeof rejectReasons;

export type Reject = { readonly line: number; readonly reason: string; readonly text: string };

export type RejectSummary = {
  readonly count: number;
  readonly byReason: Readonly<Partial<Record<RejectReason, number>>>;
  readonly first: readonly Reject[];
};

export type RejectOptions = {
  /** The first one stops the import. */
  readonly isStrict: boolean;
  readonly of: 'manifest' | 'store';
};

export class Rejects {
  readonly #options: RejectOptions;
  readonly #byReason = new Map<RejectReason, number>();
  readonly #first: Reject[] = [];

  constructor(options: RejectOptions) {
    this.#options = options;
  }

  /** What can be done about entries that are left out. */
  get hint(): string {
    return this.#options.of === 'store'
      ? 'Rename or remove such entries in the store'
      : 'Correct the manifest; look at --format, --columns and --no-url-encoded';
  }

  get summary(): RejectSummary {
    const counts = [...this.#byReason.values()];
    return {
      count: counts.reduce((sum, count) => sum + count, 0),
      byReason: Object.fromEntries(this.#byReason),
      first: this.#first,
    };
  }

  /** Restores the state from a checkpoint. */
  restore({ byReason, first }: RejectSummary): void {
    this.#byReason.clear();
    for (const [reason, count] of Object.entries(byReason)) {
      this.#byReason.set(reason as RejectReason, count);
    }
    this.#first.splice(0, Number.POSITIVE_INFINITY, ...first);
  }

  addEntry(reason: RejectReason, batch: EntryBatch, i: number): void {
    const at = batch.pathAt[i]!;
    this.add(reason, batch.line[i]!, batch.bytes.subarray(at, at + batch.pathBytes[i]!));
  }

  add(reason: RejectReason, line: number, bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES_MAX));
    this.#count(reason, 1, `Line ${line}: ${rejectReasons[reason]}: ${text}.`);
    if (this.#first.length >= SAMPLES_MAX) return;
    this.#first.push({ line, reason: rejectReasons[reason], text });
  }

  /** Entries that nobody has the names of. */
  addUnnamed(reason: RejectReason, count: number): void {
    if (count > 0) this.#count(reason, count, `${count} entries: ${rejectReasons[reason]}.`);
  }

  #count(reason: RejectReason, count: number, told: string): void {
    if (this.#options.isStrict) {
      const hint = `${this.hint}, or import without --strict to leave such entries out.`;
      throw new StatusError(Code.INVALID_ARGUMENT, told, { hint });
    }
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + count);
  }
}
