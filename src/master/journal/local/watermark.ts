/**
 * How far the journal is known to reach, stored outside of its segments. A lost end leaves no trace
 * in the rest: neither a missing last segment, nor missing records at the end of one.
 *
 *   <data dir>/WATERMARK   four slots of a sector each
 *     0, 1   the writer's, in turn: at each switch of segments, at each start and stop
 *     2, 3   the flusher's, in turn: behind each flush
 *   slot     0 magic u32 | 4 crc u32 | 8 segment u64 | 16 seq u64 | zeros
 *
 * Both figures only rise, so the largest one in the slots counts. Each thread writes one of its two
 * slots at a time, and syncs it. So a crash damages at most one, and the other has the earlier
 * value. If both slots of a thread are damaged, that is damage.
 *
 * Invariant: `segment` is durable under its name, and every entry up to `seq` is in the journal or
 *   in tier 2, before a slot says so.
 */
import path from 'node:path';
import { crc32c } from '../../../base/crc32c.js';
import { Code, StatusError } from '../../../base/status.js';
import { readU64, writeWord64 } from '../../../base/word64.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';

/** What the journal must have: a segment with at least this first seq; entries up to seq. */
export type Reach = { readonly segment: number; readonly seq: number };

/** For a journal that has not begun. */
export const NO_REACH: Reach = { segment: 0, seq: 0 };
export const WATERMARK_FILE = 'WATERMARK';

const SLOT_BYTES = 512;
const SLOTS = { writer: [0, 1], flusher: [2, 3] } as const;
const SLOT_COUNT = 4;
/** "OWM1" */
const MAGIC = 0x314d574f;
const AT = { MAGIC: 0, CRC: 4, SEGMENT: 8, SEQ: 16 } as const;

/** Raises the figures of the file, for one thread. */
export class Watermark {
  readonly #fs: JournalFs;
  readonly #fd: number;
  readonly #slots: readonly [number, number];
  #told: Reach;
  /** Which of the two slots is written next: the one with the smaller figures. */
  #turn: 0 | 1;

  constructor(file: string, who: keyof typeof SLOTS, fs: JournalFs = nodeJournalFs) {
    this.#fs = fs;
    this.#slots = SLOTS[who];
    this.#fd = fs.openSync(file, 'r+');
    const [first, second] = this.#slots.map((slot) => readSlot(fs, this.#fd, slot));
    this.#told = greatest([first, second]);
    this.#turn = first === undefined || (second !== undefined && !isLess(second, first)) ? 0 : 1;
  }

  /** Durable when it returns. A value that is already known is not written. */
  raise(reach: Reach): void {
    const next = greatest([this.#told, reach]);
    if (!isLess(this.#told, next)) return;
    const slot = encodeSlot(next);
    const at = this.#slots[this.#turn] * SLOT_BYTES;
    const written = this.#fs.writeSync(this.#fd, slot, 0, SLOT_BYTES, at);
    if (written !== SLOT_BYTES) throw new Error(`short write: ${written} of ${SLOT_BYTES} bytes`);
    this.#fs.fdatasyncSync(this.#fd);
    this.#told = next;
    this.#turn = this.#turn === 0 ? 1 : 0;
  }

  close(): void {
    this.#fs.closeSync(this.#fd);
  }
}

/** The maximum of all slots; a missing or incomplete file is DATA_LOSS. */
export function readWatermark(file: string, fs: JournalFs = nodeJournalFs): Reach {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw damaged(file, 'the file is not there');
  }
  try {
    const slots = Array.from({ length: SLOT_COUNT }, (_, slot) => readSlot(fs, fd, slot));
    for (const pair of Object.values(SLOTS)) {
      if (pair.some((slot) => slots[slot] !== undefined)) continue;
      throw damaged(file, `offset ${pair[0] * SLOT_BYTES}: both slots are damaged`);
    }
    return greatest(slots);
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes or replaces the file: complete under its name, or not there. */
export function writeWatermark(file: string, reach: Reach, fs: JournalFs = nodeJournalFs): void {
  const draft = `${file}.tmp`;
  const directory = path.dirname(file);
  if (fs.readdirSync(directory).includes(path.basename(draft))) fs.unlinkSync(draft);
  const fd = fs.openSync(draft, 'wx+');
  try {
    const slot = encodeSlot(reach);
    for (let i = 0; i < SLOT_COUNT; i++) fs.writeSync(fd, slot, 0, SLOT_BYTES, i * SLOT_BYTES);
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(draft, file);
  fs.syncDirectorySync(directory);
}

function encodeSlot({ segment, seq }: Reach): Uint8Array {
  const slot = new Uint8Array(SLOT_BYTES);
  const view = new DataView(slot.buffer);
  view.setUint32(AT.MAGIC, MAGIC, true);
  writeWord64(view, AT.SEGMENT, segment);
  writeWord64(view, AT.SEQ, seq);
  view.setUint32(AT.CRC, crc32c(slot, AT.SEGMENT, SLOT_BYTES - AT.SEGMENT), true);
  return slot;
}

/** undefined: cut off, torn or damaged. */
function readSlot(fs: JournalFs, fd: number, slot: number): Reach | undefined {
  const bytes = new Uint8Array(SLOT_BYTES);
  if (fs.readSync(fd, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES) !== SLOT_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  if (view.getUint32(AT.MAGIC, true) !== MAGIC) return undefined;
  const sum = crc32c(bytes, AT.SEGMENT, SLOT_BYTES - AT.SEGMENT);
  if (view.getUint32(AT.CRC, true) !== sum) return undefined;
  return { segment: readU64(view, AT.SEGMENT), seq: readU64(view, AT.SEQ) };
}

function greatest(slots: readonly (Reach | undefined)[]): Reach {
  let { segment, seq } = NO_REACH;
  for (const slot of slots) {
    segment = Math.max(segment, slot?.segment ?? 0);
    seq = Math.max(seq, slot?.seq ?? 0);
  }
  return { segment, seq };
}

const isLess = (a: Reach, b: Reach): boolean => a.segment < b.segment || a.seq < b.seq;

const damaged = (file: string, what: string): StatusError =>
  new StatusError(Code.DATA_LOSS, `${file}: ${what}, so nobody knows where the journal must end.`, {
    path: file,
    hint:
      'Put the file back, or restore the data directory from a backup. ' +
      'Where the journal is known to be whole, `orchard admin journal repair --yes` makes it anew.',
  });
