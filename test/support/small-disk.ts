/**
 * A real disk that is small enough to fill: a tmpfs of a given size. Mounting needs root; without
 * it, `canMount` is false and the tests that need a disk are skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The space that remains on a filled disk: not even a page. */
const PAGE_BYTES = 4096;

export class SmallDisk {
  readonly path: string;

  constructor(bytes: number) {
    this.path = mkdtempSync(path.join(tmpdir(), 'orchard-disk-'));
    const size = `size=${bytes},mode=0755`;
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', this.path]);
    if (status !== 0) throw new Error(`mount: ${stderr}`);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /**
   * Uses space until `leaveBytes` are free, with a file that another program might have written.
   */
  fill(leaveBytes = 0): void {
    for (let part = 0; this.freeBytes - leaveBytes >= PAGE_BYTES; part++) {
      const bytes = Math.min(this.freeBytes - leaveBytes, 1 << 20);
      try {
        writeFileSync(path.join(this.path, `hog-${Date.now()}-${part}`), Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  /** Gives back what fill() took. */
  empty(): void {
    spawnSync('find', [this.path, '-maxdepth', '1', '-name', 'hog-*', '-delete']);
  }

  remove(): void {
    spawnSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

function probe(): boolean {
  try {
    new SmallDisk(1 << 20).remove();
    return true;
  } catch {
    return false;
  }
}

export const canMount: boolean = probe();
