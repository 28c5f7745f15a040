/**
 * A journal in memory, as simple as the contract allows. Other implementations are compared with
 * it, and it shows the least that a new one must do.
 */
import { assert } from '../../src/base/assert.js';
import { Code, StatusError } from '../../src/base/status.js';
import { readU64 } from '../../src/base/word64.js';
import { JournalFailure } from '../../src/master/journal/failure.js';
import type {
  EntryHandler,
  Flushed,
  Journal,
  JournalAppender,
  JournalPart,
  JournalTail,
  JournalTrimmer,
  Recovery,
  Replay,
} from '../../src/master/journal/journal.js';
import { ENTRY_LENGTH, ENTRY_SALT, ENTRY_SEQ } from '../../src/master/memory/entry-format.js';
import type { Coin } from './fault-fs.js';

const BATCH_BYTES_MAX = 256 * 1024;
const PLACE = 'memory';

/** The state that survives a process. */
export class MemoryLog {
  /** Of entries[0]. */
  firstSeq = 1;
  durableSeq = 0;
  entries: Uint8Array[] = [];
  isFull = false;
  failsNext = false;

  get lastSeq(): number {
    return this.firstSeq + this.entries.length - 1;
  }

  /** Of the unsynced entries a part remains. */
  crash(coin: Coin): void {
    const kept = this.durableSeq + Math.floor(coin() * (this.lastSeq - this.durableSeq + 1));
    this.keepTo(kept);
  }

  keepTo(seq: number): void {
    this.entries.length = Math.max(0, seq - this.firstSeq + 1);
  }

  handOver(from: number, to: number, onEntry: EntryHandler): void {
    for (let seq = from; seq <= to; seq++) {
      const entry = this.entries[seq - this.firstSeq];
      if (entry === undefined) throw gone(`entry ${seq} is not there`);
      onEntry(entry, 0, entry.length, seq);
    }
  }
}

export class MemoryJournal implements Journal {
  readonly #log: MemoryLog;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  recover({ fromSeq, onEntry, mayBeEmpty = fromSeq === 1 }: Replay): JournalAppender {
    const log = this.#log;
    if (log.entries.length === 0 && mayBeEmpty) log.firstSeq = fromSeq;
    if (log.lastSeq < fromSeq - 1) throw gone(`the journal ends with ${log.lastSeq}`);
    log.durableSeq = log.lastSeq;
    log.handOver(fromSeq, log.lastSeq, onEntry);
    const entryCount = log.lastSeq - fromSeq + 1;
    return new MemoryAppender(log, { entryCount, lastSeq: log.lastSeq, cut: null });
  }

  trimmer(): JournalTrimmer {
    const log = this.#log;
    return {
      trim: ({ trimSeq }: Flushed) => {
        const count = Math.min(trimSeq - log.firstSeq + 1, log.entries.length - 1);
        log.firstSeq += log.entries.splice(0, Math.max(0, count)).length;
      },
      prepare: () => undefined,
      usage: () => ({
        partCount: 1,
        bytes: log.entries.reduce((sum, { length }) => sum + length, 0),
      }),
      close: () => undefined,
    };
  }

  tail(fromSeq: number): JournalTail {
    return new MemoryTail(this.#log, fromSeq);
  }

  readFrom(fromSeq: number, onEntry: EntryHandler): number {
    this.#log.handOver(fromSeq, this.#log.lastSeq, onEntry);
    return Math.max(fromSeq, this.#log.lastSeq + 1);
  }

  async *parts(onEntry: EntryHandler = () => undefined): AsyncGenerator<JournalPart> {
    const { firstSeq, lastSeq, entries } = this.#log;
    this.#log.handOver(firstSeq, lastSeq, onEntry);
    const usedBytes = entries.reduce((sum, { length }) => sum + length, 0);
    const entryCount = entries.length;
    yield {
      ...{ file: PLACE, firstSeq, lastSeq, entryCount, usedBytes },
      ...{ state: 'open', problem: null },
    };
  }
}

class MemoryAppender implements JournalAppender {
  readonly batchBytesMax = BATCH_BYTES_MAX;
  readonly recovery: Recovery;
  readonly #log: MemoryLog;
  readonly #salt = 1 + Math.floor(Math.random() * 0x7fff_ffff);
  #failure: JournalFailure | undefined;

  constructor(log: MemoryLog, recovery: Recovery) {
    this.#log = log;
    this.recovery = recovery;
  }

  get nextSeq(): number {
    return this.#log.lastSeq + 1;
  }

  get durableSeq(): number {
    return this.#log.durableSeq;
  }

  reserve(bytes: number): number {
    this.#checkAlive();
    assert(bytes <= BATCH_BYTES_MAX, 'a batch fits');
    if (this.#log.isFull) throw new StatusError(Code.RESOURCE_EXHAUSTED, 'The journal is full.');
    return this.#salt;
  }

  append(batch: Uint8Array, firstSeq: number, lastSeq: number): void {
    this.#checkAlive();
    assert(firstSeq === this.nextSeq && lastSeq >= firstSeq, 'seqs are dense');
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0, seq = firstSeq; at < batch.length; seq++) {
      assert(view.getUint32(at + ENTRY_SALT, true) === this.#salt, 'sealed as reserve() said');
      assert(readU64(view, at + ENTRY_SEQ) === seq, 'each entry has its seq');
      const length = view.getUint32(at + ENTRY_LENGTH, true);
      this.#log.entries.push(batch.slice(at, at + length));
      at += length;
    }
  }

  sync(): void {
    this.#checkAlive();
    if (this.#log.failsNext) {
      this.#failure = new JournalFailure(PLACE, 'it failed');
      throw this.#failure;
    }
    this.#log.durableSeq = this.#log.lastSeq;
  }

  close(): void {
    if (this.#failure === undefined) this.sync();
    this.#failure ??= new JournalFailure(PLACE, 'the journal is closed');
  }

  #checkAlive(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

class MemoryTail implements JournalTail {
  readonly #log: MemoryLog;
  lastSeq: number;

  constructor(log: MemoryLog, fromSeq: number) {
    this.#log = log;
    this.lastSeq = fromSeq - 1;
  }

  follow(toSeq: number, onEntry: EntryHandler): void {
    this.#log.handOver(this.lastSeq + 1, toSeq, onEntry);
    this.lastSeq = Math.max(this.lastSeq, toSeq);
  }

  close(): void {
    // Nothing is open.
  }
}

const gone = (what: string): StatusError => new StatusError(Code.DATA_LOSS, `${PLACE}: ${what}.`);
