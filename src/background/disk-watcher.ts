/**
 * Makes the master read-only before its disk is full, and writable again when there is room: the
 * control word READ_ONLY. Floor 6.
 *
 *   free < reserve                ─▶ read-only
 *   free > reserve + a tenth      ─▶ writable; in between it stays as it is
 */
import { statfs } from 'node:fs/promises';
import { CONTROL } from '../base/layout.js';
import type { SharedMemory } from '../kernel/shared-memory.js';

const INTERVAL_MS = 1000;
const HYSTERESIS = 1.1;

export type DiskWatcherOptions = {
  readonly shared: SharedMemory;
  /** Any path on the disk. */
  readonly path: string;
  readonly reserveBytes: number;
  /** It became read-only or writable. */
  readonly onChange: (readOnly: boolean, freeBytes: number) => void;
  /** Free bytes; statfs(2) without it. */
  readonly freeBytes?: (path: string) => Promise<number>;
};

export class DiskWatcher {
  readonly #options: DiskWatcherOptions;
  #timer: NodeJS.Timeout | undefined;
  #freeBytes = 0;

  constructor(options: DiskWatcherOptions) {
    this.#options = options;
  }

  /** As last seen. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  get isReadOnly(): boolean {
    return this.#options.shared.load(CONTROL.READ_ONLY) !== 0;
  }

  /** Looks once, then again and again. */
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
    const { path, reserveBytes, shared, onChange } = this.#options;
    this.#freeBytes = await (this.#options.freeBytes ?? freeBytesOf)(path);
    const before = this.isReadOnly;
    const least = before ? reserveBytes * HYSTERESIS : reserveBytes;
    const isLow = this.#freeBytes < least;
    if (isLow === before) return;
    shared.store(CONTROL.READ_ONLY, isLow ? 1 : 0);
    onChange(isLow, this.#freeBytes);
  }
}

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
