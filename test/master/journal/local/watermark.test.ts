/**
 * B9, B22: goal: a lost end of the journal is noticed, whatever was lost.
 * Method: a journal of several lives (switches, flushes with trims, kills and clean stops) with a
 * watermark beside it; then one loss: the newest segment removed, renamed, shortened, put back as
 * it was some time before; all segments removed; the same with the watermark damaged. Opening it
 * again either gives all that was known to be durable, or is refused.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Code, StatusError } from '../../../../src/base/status.js';
import { inspectJournal } from '../../../../src/master/journal/local/inspect.js';
import type { WalOptions } from '../../../../src/master/journal/local/wal.js';
import {
  NO_REACH,
  readWatermark,
  Watermark,
  writeWatermark,
} from '../../../../src/master/journal/local/watermark.js';
import { FaultFs } from '../../../support/fault-fs.js';
import { appendSizes, DIRECTORY, openWal, poolOf, SEGMENT_BYTES } from './journal-kit.js';

const FILE = '/data/WATERMARK';

type Mode = WalOptions['sync'];
type History = { readonly fs: FaultFs; readonly known: number; readonly flushed: number };

const open = (fs: FaultFs, sync: Mode, flushed: number) =>
  openWal(fs, { watermark: FILE, sync }, { fromSeq: flushed + 1, mayBeEmpty: false });

/** `known`: what a watermark has told of, or tier 2 has. */
function live(
  fs: FaultFs,
  lives: readonly Life[],
  sync: Mode,
  onLife = (_: FaultFs) => {},
): History {
  writeWatermark(FILE, NO_REACH, fs);
  let flushed = 0;
  let known = 0;
  for (const { batches, flushAfter, stop } of lives) {
    const first = openWal(fs, { watermark: FILE, sync }, { fromSeq: flushed + 1 });
    const flusher = new Watermark(FILE, 'flusher', fs);
    for (let i = 0; i < batches; i++) {
      const at = poolOf(fs).segments().length;
      appendSizes(first.wal, [30_000, 30_000]);
      first.wal.sync();
      // A switch tells of all that is before it.
      if (poolOf(fs).segments().length !== at) known = Math.max(known, first.wal.nextSeq - 3);
      if (i !== flushAfter) continue;
      flushed = first.wal.nextSeq - 1;
      known = flushed;
      flusher.raise({ segment: 0, seq: flushed });
      poolOf(fs).trim(flushed);
    }
    flusher.close();
    if (stop) {
      first.wal.close();
      known = first.wal.nextSeq - 1;
    }
    onLife(fs);
  }
  return { fs, known, flushed };
}

type Life = { readonly batches: number; readonly flushAfter: number; readonly stop: boolean };
const life = fc.record({
  batches: fc.integer({ min: 1, max: 7 }),
  flushAfter: fc.nat(9),
  stop: fc.boolean(),
});
const lives = fc.array(life, { minLength: 1, maxLength: 3 });
const mode = fc.constantFrom<Mode>('commit', 'none');

const segmentsOf = (fs: FaultFs): string[] => fs.files().filter((file) => /^\d/.test(file));

const LOSSES = {
  removed: (fs: FaultFs, newest: string) => fs.remove(newest),
  renamed: (fs: FaultFs, newest: string) => fs.rename(newest, `${newest}.bak`),
  recycled: (fs: FaultFs, newest: string) => fs.rename(newest, 'spare-00ff.wal'),
  shortened: (fs: FaultFs, newest: string, at: number) =>
    fs.truncate(newest, Math.floor(at * SEGMENT_BYTES)),
  zeroed: (fs: FaultFs, newest: string, at: number) =>
    fs.wipe(newest, 4096 + Math.floor(at * (SEGMENT_BYTES - 4096))),
  'all removed': (fs: FaultFs) => segmentsOf(fs).forEach((file) => void fs.remove(file)),
  'the newest two removed': (fs: FaultFs) =>
    segmentsOf(fs)
      .slice(-2)
      .forEach((file) => void fs.remove(file)),
};

describe('B9: a lost end of the journal is noticed', () => {
  test.each(Object.entries(LOSSES))(
    '%s: all that was known is there, or it is refused',
    (_, lose) => {
      let refused = 0;
      fc.assert(
        fc.property(lives, mode, fc.double({ min: 0, max: 0.99, noNaN: true }), (all, sync, at) => {
          const { fs, known, flushed } = live(new FaultFs(), all, sync);
          lose(fs, segmentsOf(fs).at(-1)!, at);
          try {
            const { wal } = open(fs.kill(), sync, flushed);
            expect(wal.nextSeq - 1).toBeGreaterThanOrEqual(known);
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
            expect(error).toMatchObject({ code: Code.DATA_LOSS, hint: expect.stringMatching(/./) });
            refused++;
          }
        }),
        { numRuns: 20 },
      );
      expect(refused).toBeGreaterThan(2);
    },
  );

  test.each(['removed', 'renamed', 'recycled', 'shortened', 'all removed'] as const)(
    'the newest segment %s is always refused, also by `journal check`',
    async (how) => {
      const { fs, flushed } = live(
        new FaultFs(),
        [{ batches: 6, flushAfter: 3, stop: false }],
        'commit',
      );
      const newest = segmentsOf(fs).at(-1)!;
      LOSSES[how](fs, newest, 0.9);
      expect(() => open(fs.kill(), 'commit', flushed)).toThrow(newest.slice(0, 20));
      const problems: (string | null)[] = [];
      const reach = readWatermark(FILE, fs);
      for await (const { problem } of inspectJournal(DIRECTORY, { fs, reach }))
        problems.push(problem);
      expect(problems.filter((problem) => problem !== null)).toHaveLength(1);
      expect(problems.at(-1)).toContain(newest);
    },
  );

  test('an older copy of the newest segment is refused after a clean stop', () => {
    let copy: Uint8Array | undefined;
    const two = [1, 1].map((batches) => ({ batches, flushAfter: 9, stop: true }));
    const { fs } = live(new FaultFs(), two, 'commit', (disk) => {
      copy ??= disk.bytes(segmentsOf(disk).at(-1)!).slice();
    });
    fs.bytes(segmentsOf(fs).at(-1)!).set(copy!);
    expect(() => open(fs.kill(), 'commit', 0)).toThrow('ends with seq 2, but entries up to 4');
  });

  test('power cuts never make it refuse', () => {
    fc.assert(
      fc.property(lives, fc.integer(), (all, seed) => {
        const { fs, flushed } = live(new FaultFs(), all, 'commit');
        let state = seed >>> 0;
        const coin = (): number => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return state / 2 ** 32;
        };
        const { wal, entries } = open(fs.crash(coin), 'commit', flushed);
        expect(wal.nextSeq - 1 - flushed).toBe(entries.length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the file', () => {
  test('one slot of each thread may be torn, two are damage; a missing file is DATA_LOSS', () => {
    const fs = new FaultFs();
    writeWatermark(FILE, NO_REACH, fs);
    const writer = new Watermark(FILE, 'writer', fs);
    writer.raise({ segment: 1, seq: 4 });
    writer.raise({ segment: 5, seq: 4 });
    new Watermark(FILE, 'flusher', fs).raise({ segment: 0, seq: 9 });
    expect(readWatermark(FILE, fs)).toEqual({ segment: 5, seq: 9 });
    fs.flip('WATERMARK', 512 + 9, 1);
    expect(readWatermark(FILE, fs)).toEqual({ segment: 1, seq: 9 });
    // The torn slot is written next.
    new Watermark(FILE, 'writer', fs).raise({ segment: 7, seq: 10 });
    expect(readWatermark(FILE, fs)).toEqual({ segment: 7, seq: 10 });
    fs.flip('WATERMARK', 9, 1);
    fs.flip('WATERMARK', 512 + 9, 1);
    expect(() => readWatermark(FILE, fs)).toThrow('both slots are damaged');
    fs.truncate('WATERMARK', 0);
    expect(() => readWatermark(FILE, fs)).toThrow('both slots are damaged');
    fs.remove('WATERMARK');
    expect(() => readWatermark(FILE, fs)).toThrow('the file is not there');
  });
});
