/** The journals that the contract's tests run on: a new one has a line here. */

import type { Journal } from '../../../src/master/journal/journal.js';
import { LocalJournal } from '../../../src/master/journal/local/local-journal.js';
import { NO_REACH, writeWatermark } from '../../../src/master/journal/local/watermark.js';
import { type Coin, FaultFs } from '../../support/fault-fs.js';
import { MemoryJournal, MemoryLog } from '../../support/memory-journal.js';

/** Where a journal lies, and what may become of it. */
export interface JournalGround {
  /** As a process has it that has just started. */
  open(): Journal;
  /** The machine dies: of what was not synced, the coin says what stays. */
  crash(coin: Coin): void;
  /** Whether there is no room for more than what is made ready. */
  setFull(isFull: boolean): void;
  /** The next sync fails. */
  failSync(): void;
}

export class LocalGround implements JournalGround {
  #fs = new FaultFs();

  constructor() {
    writeWatermark('/data/WATERMARK', NO_REACH, this.#fs);
  }

  open(): Journal {
    const place = {
      directory: '/data/journal',
      watermark: '/data/WATERMARK',
      clusterId: 'cluster-a',
      segmentBytes: 66 * 4096,
      sync: 'commit' as const,
      reserveBytes: 0,
      spareCount: 1,
    };
    return new LocalJournal(place, this.#fs);
  }

  crash(coin: Coin): void {
    this.#fs = this.#fs.crash(coin);
  }

  setFull(isFull: boolean): void {
    this.#fs.isFull = isFull;
    this.#fs.freeBytes = isFull ? 0 : Number.MAX_SAFE_INTEGER;
  }

  failSync(): void {
    this.#fs.fail({ call: 'fdatasync', nth: 1 });
  }
}

export class MemoryGround implements JournalGround {
  readonly log = new MemoryLog();

  open(): Journal {
    return new MemoryJournal(this.log);
  }

  crash(coin: Coin): void {
    this.log.crash(coin);
  }

  setFull(isFull: boolean): void {
    this.log.isFull = isFull;
  }

  failSync(): void {
    this.log.failsNext = true;
  }
}

export const GROUNDS: readonly (readonly [name: string, make: () => JournalGround])[] = [
  ['in memory', () => new MemoryGround()],
  ['local', () => new LocalGround()],
];
