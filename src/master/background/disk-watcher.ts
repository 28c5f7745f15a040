/**
 * Makes the master read-only before a disk of its data directory is full, and writable again when
 * there is room: its bit of the control word READ_ONLY. Journal and tier 2 may be on two disks;
 * the fuller one counts.
 *
 *   free < reserve                ─▶ read-only
 *   free > reserve + a tenth      ─▶ writable; in between it stays as it is
 *
 * The space below the reserve is for changes that were already acknowledged: their flush to tier 2,
 * and a segment of the journal.
 */
import { statfs } from 'node:fs/promises';
import { writeWord64 } from '../../base/word64.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { ReadOnly } from '../memory/state.js';

const INTERVAL_MS = 1000;
const HYSTERESIS = 1.1;

export type DiskWatcherOptions = {
  readonly shared: SharedMemory;
  /** Any paths on the disks. */
  readonly paths: readonly string[];
  readonly reserveBytes: number;
  /** Called when it became read-only or writable. */
  readonly onChange: (state: DiskState) => void;
  /** Free bytes; statfs(2) without it. */
  readonly freeBytes?: (path: string) => Promise<number>;
};

export type DiskState = {
  readonly readOnly: boolean;
  /** Why, in the words of ReadOnly. */
  readonly reasons: readonly string[];
  /** Of the fuller disk, as last seen. */
  readonly freeBytes: number;
  readonly reserveBytes: number;
  /** On the fuller disk. */
  readonly path: string;
};

export class DiskWatcher {
  readonly #options: DiskWatcherOptions;
  #timer: NodeJS.Timeout | undefined;
  #freeBytes = 0;
  #path = '';

  constructor(options: DiskWatcherOptions) {
    this.#options = options;
  }

  get state(): DiskState {
    const { shared, reserveBytes } = this.#options;
    const word = shared.load(CONTROL.READ_ONLY);
    const reasons = Object.entries(ReadOnly)
      .filter(([, bit]) => (word & bit) !== 0)
      .map(([name]) => name);
    const { freeBytes, path } = { freeBytes: this.#freeBytes, path: this.#path };
    return { readOnly: word !== 0, reasons, freeBytes, reserveBytes, path };
  }

  /** Looks once, and then at intervals. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => {
      // A disk that cannot be asked now is asked again; writing to it fails by itself.
      this.look().catch(() => undefined);
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    const { paths, reserveBytes, shared, onChange } = this.#options;
    const free = await Promise.all(paths.map(this.#options.freeBytes ?? freeBytesOf));
    this.#freeBytes = Math.min(...free);
    writeWord64(shared.view, CONTROL_BASE + CONTROL.DISK_FREE_BYTES, this.#freeBytes);
    this.#path = paths[free.indexOf(this.#freeBytes)] ?? '';
    const before = (shared.load(CONTROL.READ_ONLY) & ReadOnly.RESERVE) !== 0;
    const least = before ? reserveBytes * HYSTERESIS : reserveBytes;
    const isLow = this.#freeBytes < least;
    if (isLow === before) return;
    shared.putBits(CONTROL.READ_ONLY, ReadOnly.RESERVE, isLow);
    onChange(this.state);
  }
}

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
