/**
 * A disk in memory below the journal, with the durability rules of a real one, and faults.
 *
 * Written bytes are visible at once and durable at fdatasync; names at syncDirectorySync. crash()
 * gives the disk after a power cut: each unsynced 512-byte sector is old or new by the coin; of the
 * directory changes a prefix remains. kill() keeps everything, as the death of a process does.
 *
 * Faults are rules: `fs.fail({ call: 'fdatasync', nth: 3 })`, `fs.fail({ call: 'write', nth: 1,
 * shortBy: 8 })`, optionally for names that contain `file`. flip(), wipe() and truncate() damage.
 */
import path from 'node:path';
import type { JournalFs, OpenFlags } from '../../src/master/journal/local/journal-fs.js';

const SECTOR_BYTES = 512;

export type FaultRule = {
  readonly call: 'open' | 'read' | 'write' | 'fdatasync' | 'rename' | 'syncDirectory';
  /** 1 = the next such call. */
  readonly nth: number;
  readonly file?: string;
  /** Default EIO. */
  readonly code?: string;
  /**
   * Of fdatasync: the kernel has dropped what it could not write, and calls it clean: a later
   * fdatasync makes it durable only where it was written again.
   */
  readonly drops?: boolean;
  /** Write that many bytes fewer and report it, instead of throwing. */
  readonly shortBy?: number;
};

/** `dropped`: sectors that are readable in memory and will not reach the disk. */
type Inode = { bytes: Uint8Array; durable: Uint8Array; dropped?: Set<number> };
type NameChange = { readonly from: string | null; readonly to: string | null; inode: Inode };
/** Answers a number in [0, 1). */
export type Coin = () => number;

export class FaultFs implements JournalFs {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: NameChange[] = [];
  readonly #open = new Map<number, { inode: Inode; name: string }>();
  readonly #rules: { rule: FaultRule; seen: number }[] = [];
  #fdNext = 3;
  /** The fault that is being thrown drops the written bytes. */
  #drops = false;
  /** What callers are told. */
  freeBytes = Number.MAX_SAFE_INTEGER;
  /** No new file gets room. */
  isFull = false;
  /** Calls so far, by name: for tests that say "no more than". */
  readonly calls = new Map<string, number>();

  fail(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 });
  }

  files(): string[] {
    return [...this.#names.keys()].map((name) => path.basename(name)).sort();
  }

  bytes(file: string): Uint8Array {
    return this.#find(file).bytes;
  }

  /** Flips one bit, durably: what bit rot does. */
  flip(file: string, byte: number, bit: number): void {
    const inode = this.#find(file);
    inode.bytes[byte] = inode.bytes[byte]! ^ (1 << bit);
    inode.durable = inode.bytes.slice();
  }

  truncate(file: string, bytes: number): void {
    const inode = this.#find(file);
    inode.bytes = inode.bytes.slice(0, bytes);
    inode.durable = inode.bytes.slice();
  }

  /** Zeros from a byte on: what was never written, in a file that has its full size. */
  wipe(file: string, from: number): void {
    const inode = this.#find(file);
    inode.bytes.fill(0, from);
    inode.durable = inode.bytes.slice();
  }

  remove(file: string): void {
    const name = this.#nameOf(file);
    this.#names.delete(name);
    this.#durableNames.delete(name);
  }

  rename(file: string, to: string): void {
    const name = this.#nameOf(file);
    const inode = this.#find(file);
    for (const names of [this.#names, this.#durableNames]) {
      names.delete(name);
      names.set(path.join(path.dirname(name), to), inode);
    }
  }

  /** The disk as another process finds it after this one was killed. */
  kill(): FaultFs {
    const next = new FaultFs();
    for (const [name, inode] of this.#names) next.#names.set(name, copyOf(inode));
    next.#durableNames = new Map(
      [...this.#durableNames].map(([name, inode]) => {
        const current = [...this.#names].find(([, other]) => other === inode)?.[0];
        const kept = current === undefined ? undefined : next.#names.get(current);
        return [name, kept ?? copyOf(inode)];
      }),
    );
    return next;
  }

  /** The disk as a power cut leaves it. */
  crash(coin: Coin): FaultFs {
    const names = new Map(this.#durableNames);
    const kept = Math.floor(coin() * (this.#changes.length + 1));
    for (const change of this.#changes.slice(0, kept)) {
      if (change.from !== null) names.delete(change.from);
      if (change.to !== null) names.set(change.to, change.inode);
    }
    const next = new FaultFs();
    for (const [name, inode] of names) {
      const bytes = tear(inode, coin);
      const torn = { bytes, durable: bytes.slice() };
      next.#names.set(name, torn);
      next.#durableNames.set(name, torn);
    }
    return next;
  }

  openSync(file: string, flags: OpenFlags): number {
    this.#fault('open', file);
    let inode = this.#names.get(file);
    if (flags === 'wx+') {
      if (inode !== undefined) throw errno('EEXIST', file);
      if (this.isFull) throw errno('ENOSPC', file);
      inode = { bytes: new Uint8Array(0), durable: new Uint8Array(0) };
      this.#names.set(file, inode);
      this.#changes.push({ from: null, to: file, inode });
    }
    if (inode === undefined) throw errno('ENOENT', file);
    const fd = this.#fdNext++;
    this.#open.set(fd, { inode, name: file });
    return fd;
  }

  closeSync(fd: number): void {
    if (!this.#open.delete(fd)) throw errno('EBADF', String(fd));
  }

  get openCount(): number {
    return this.#open.size;
  }

  sizeSync(fd: number): number {
    return this.#of(fd).inode.bytes.length;
  }

  readSync(fd: number, into: Uint8Array, at: number, bytes: number, position: number): number {
    const { inode, name } = this.#of(fd);
    this.#fault('read', name);
    const from = inode.bytes.subarray(position, position + bytes);
    into.set(from, at);
    return from.length;
  }

  writeSync(fd: number, from: Uint8Array, at: number, bytes: number, position: number): number {
    return this.writevSync(fd, [from.subarray(at, at + bytes)], position);
  }

  writevSync(fd: number, buffers: readonly Uint8Array[], position: number): number {
    const { inode, name } = this.#of(fd);
    const all = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.length, 0));
    let filled = 0;
    for (const buffer of buffers) {
      all.set(buffer, filled);
      filled += buffer.length;
    }
    const short = this.#fault('write', name);
    const written = all.subarray(0, Math.max(0, all.length - short));
    if (position + written.length > inode.bytes.length) {
      const grown = new Uint8Array(position + written.length);
      grown.set(inode.bytes);
      inode.bytes = grown;
    }
    inode.bytes.set(written, position);
    for (let at = position; at < position + written.length; at++) {
      if (inode.dropped === undefined) break;
      inode.dropped.delete(Math.floor(at / SECTOR_BYTES));
    }
    return written.length;
  }

  fdatasyncSync(fd: number): void {
    const { inode, name } = this.#of(fd);
    try {
      this.#fault('fdatasync', name);
    } catch (error) {
      if (this.#drops) inode.dropped = changedSectors(inode);
      throw error;
    }
    const durable = inode.bytes.slice();
    for (const sector of inode.dropped ?? []) {
      const at = sector * SECTOR_BYTES;
      durable.set(inode.durable.subarray(at, at + SECTOR_BYTES), at);
    }
    inode.durable = durable;
  }

  syncDirectorySync(directory: string): void {
    this.#fault('syncDirectory', directory);
    this.#durableNames = new Map(this.#names);
    this.#changes = [];
  }

  renameSync(from: string, to: string): void {
    this.#fault('rename', from);
    const inode = this.#names.get(from);
    if (inode === undefined) throw errno('ENOENT', from);
    this.#names.delete(from);
    this.#names.set(to, inode);
    this.#changes.push({ from, to, inode });
  }

  unlinkSync(file: string): void {
    const inode = this.#names.get(file);
    if (inode === undefined) throw errno('ENOENT', file);
    this.#names.delete(file);
    this.#changes.push({ from: file, to: null, inode });
  }

  readdirSync(): string[] {
    return this.files();
  }

  freeBytesSync(): number {
    return this.freeBytes;
  }

  mkdirSync(): void {
    this.#count('mkdir');
  }

  /** Throws, or returns by how many bytes the write falls short. */
  #fault(call: FaultRule['call'], name: string): number {
    this.#count(call);
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.call !== call || (rule.file !== undefined && !name.includes(rule.file))) continue;
      entry.seen++;
      if (entry.seen !== rule.nth) continue;
      if (rule.shortBy !== undefined) return rule.shortBy;
      this.#drops = rule.drops === true;
      throw errno(rule.code ?? 'EIO', name);
    }
    return 0;
  }

  #count(call: string): void {
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
  }

  #of(fd: number): { inode: Inode; name: string } {
    const open = this.#open.get(fd);
    if (open === undefined) throw errno('EBADF', String(fd));
    return open;
  }

  #find(file: string): Inode {
    return this.#names.get(this.#nameOf(file))!;
  }

  #nameOf(file: string): string {
    const name = [...this.#names.keys()].find((candidate) => path.basename(candidate) === file);
    if (name === undefined) throw errno('ENOENT', file);
    return name;
  }
}

function copyOf({ bytes, durable, dropped }: Inode): Inode {
  const copy = { bytes: bytes.slice(), durable: durable.slice() };
  return dropped === undefined ? copy : { ...copy, dropped: new Set(dropped) };
}

function changedSectors({ bytes, durable }: Inode): Set<number> {
  const changed = new Set<number>();
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== durable[at]) changed.add(Math.floor(at / SECTOR_BYTES));
  }
  return changed;
}

/** Sectors that differ from the durable ones are old or new, each by the coin. */
function tear(inode: Inode, coin: Coin): Uint8Array {
  const result = inode.bytes.slice();
  for (let at = 0; at < result.length; at += SECTOR_BYTES) {
    const end = Math.min(at + SECTOR_BYTES, result.length);
    const old = inode.durable.subarray(at, end);
    if (Buffer.compare(old, result.subarray(at, end)) === 0 || coin() < 0.5) continue;
    result.fill(0, at, end);
    result.set(old, at);
  }
  return result;
}

function errno(code: string, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${name}`), { code });
}
