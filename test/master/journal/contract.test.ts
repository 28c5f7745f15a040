/**
 * What every journal keeps (journal.ts), whatever it lies in. Method: examples on each of them, and
 * random lives (batches, syncs, flushes, power cuts) on each beside the one in memory, which is the
 * model: the same seqs, the same entries, nothing lost that was durable.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Code, StatusError } from '../../../src/base/status.js';
import { decodeEntry } from '../../../src/master/journal/entry-decode.js';
import { JournalFailure } from '../../../src/master/journal/failure.js';
import type { Journal, JournalAppender, JournalPart } from '../../../src/master/journal/journal.js';
import { MemoryJournal, MemoryLog } from '../../support/memory-journal.js';
import { makeBatch, upTo } from './batches.js';
import { GROUNDS } from './journals.js';

/** Of an entry beside its value, at most. */
const ENTRY_OWN_BYTES = 128;

const nobody = (): void => expect.unreachable('no entry is handed over');

function append(to: JournalAppender, sizes: readonly number[]): number {
  const first = to.nextSeq;
  const last = first + sizes.length - 1;
  const bytes = sizes.reduce((sum, one) => sum + one + ENTRY_OWN_BYTES, 0);
  const salt = to.reserve(Math.min(bytes, to.batchBytesMax));
  to.append(makeBatch(first, salt, sizes), first, last);
  return last;
}

/** Seqs from … on, read from what is at rest; each entry is whole. */
function read(journal: Journal, fromSeq: number): number[] {
  const seqs: number[] = [];
  const next = journal.readFrom(fromSeq, (bytes, offset, length, seq) => {
    expect(decodeEntry(bytes, offset)).toMatchObject({ seq, callId: seq, bytes: length });
    seqs.push(seq);
  });
  expect(next).toBe(fromSeq + seqs.length);
  return seqs;
}

const range = (from: number, to: number): number[] => upTo(to).slice(from - 1);

const lost = (act: () => void): void =>
  expect(act).toThrow(expect.objectContaining({ code: Code.DATA_LOSS }));

async function partsOf(journal: Journal): Promise<JournalPart[]> {
  const parts: JournalPart[] = [];
  for await (const part of journal.parts()) parts.push(part);
  return parts;
}

describe.each(GROUNDS)('a journal %s', (_, make) => {
  const started = (fromSeq = 1, ground = make()) => {
    const journal = ground.open();
    const seqs: number[] = [];
    const onEntry = (_b: Uint8Array, _o: number, _l: number, seq: number) => seqs.push(seq);
    return { ground, journal, seqs, appender: journal.recover({ fromSeq, onEntry }) };
  };

  test('begins with seq 1, or where a backup ends', () => {
    const { appender } = started();
    expect(appender.recovery).toEqual({ entryCount: 0, lastSeq: 0, cut: null });
    expect([appender.nextSeq, appender.durableSeq]).toEqual([1, 0]);
    const restored = make().open().recover({ fromSeq: 101, onEntry: nobody, mayBeEmpty: true });
    expect(append(restored, [5])).toBe(101);
  });

  test('what was synced is handed over after a crash, from the seq that is wanted', () => {
    const { appender, ground } = started();
    append(appender, [10, 0, 5000]);
    expect([appender.nextSeq, appender.durableSeq]).toEqual([4, 0]);
    appender.sync();
    expect(appender.durableSeq).toBe(3);
    append(appender, [1]);
    appender.sync();
    ground.crash(() => 0);
    const again = started(3, ground);
    expect(again.seqs).toEqual([3, 4]);
    expect(again.appender.recovery).toMatchObject({ entryCount: 2, lastSeq: 4 });
    // What was handed over is durable, whoever had appended it.
    expect([again.appender.nextSeq, again.appender.durableSeq]).toEqual([5, 4]);
  });

  test('after close() nothing is missing, and nothing is taken', () => {
    const { appender, ground } = started();
    append(appender, [1, 2]);
    appender.close();
    expect(() => appender.reserve(64)).toThrow(JournalFailure);
    expect(() => appender.sync()).toThrow(JournalFailure);
    ground.crash(() => 0);
    expect(read(ground.open(), 1)).toEqual([1, 2]);
    expect(read(ground.open(), 3)).toEqual([]);
  });

  test('it takes dense seqs, sealed with the salt that was reserved', () => {
    const { appender } = started();
    const salt = appender.reserve(1000);
    expect(() => appender.append(makeBatch(2, salt, [1]), 2, 2)).toThrow('dense');
    expect(() => appender.append(makeBatch(1, salt ^ 1, [1]), 1, 1)).toThrow('sealed');
    expect(appender.reserve(1000)).toBe(salt);
    expect(append(appender, [1])).toBe(1);
  });

  test('there is room for the largest batch, time and again', () => {
    const { appender, ground } = started();
    for (let i = 0; i < 4; i++) append(appender, [150_000, appender.batchBytesMax - 150_144]);
    appender.sync();
    expect(() => appender.reserve(appender.batchBytesMax + 8)).toThrow('fits');
    ground.crash(() => 0);
    expect(read(ground.open(), 1)).toEqual(upTo(8));
  });

  test('without room it refuses before anything is written, and goes on with room', () => {
    const { appender, ground } = started();
    append(appender, [100]);
    ground.setFull(true);
    const fill = (): void => {
      for (let i = 0; i < 20; i++) append(appender, [60_000]);
    };
    expect(fill).toThrow(expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED }));
    expect(fill).toThrow(StatusError);
    const last = appender.nextSeq - 1;
    appender.sync();
    ground.setFull(false);
    expect(append(appender, [60_000])).toBe(last + 1);
    appender.sync();
    ground.crash(() => 0);
    expect(read(ground.open(), 1)).toEqual(upTo(last + 1));
  });

  test('after a sync that failed it promises nothing any more', () => {
    const { appender, ground } = started();
    append(appender, [1]);
    appender.sync();
    append(appender, [2]);
    ground.failSync();
    expect(() => appender.sync()).toThrow(JournalFailure);
    expect(appender.durableSeq).toBe(1);
    expect(() => appender.sync()).toThrow(JournalFailure);
    expect(() => appender.reserve(8)).toThrow(JournalFailure);
    expect(() => append(appender, [3])).toThrow(JournalFailure);
    appender.close();
  });

  test('trim lets go what is flushed, and nothing else', async () => {
    const { appender, ground, journal } = started();
    for (let i = 0; i < 14; i++) append(appender, [60_000]);
    appender.sync();
    const trimmer = journal.trimmer();
    const before = trimmer.usage();
    trimmer.trim({ durableSeq: 14, flushedSeq: 12, trimSeq: 9 });
    const after = trimmer.usage();
    expect(after.partCount).toBeLessThanOrEqual(before.partCount);
    trimmer.prepare();
    const parts = await partsOf(journal);
    const [first] = parts;
    expect(first!.firstSeq).toBeLessThanOrEqual(10);
    expect(parts.at(-1)!.lastSeq).toBe(14);
    expect(parts.map(({ problem }) => problem)).toEqual(parts.map(() => null));
    for (const [i, part] of parts.entries()) {
      expect(part.entryCount).toBe(part.lastSeq - part.firstSeq + 1);
      if (i > 0) expect(part.firstSeq).toBe(parts[i - 1]!.lastSeq + 1);
    }
    trimmer.close();
    appender.close();
    expect(read(ground.open(), first!.firstSeq)).toEqual(range(first!.firstSeq, 14));
    expect(first!.firstSeq).toBeGreaterThan(1);
    lost(() => read(ground.open(), first!.firstSeq - 1));
    expect(started(13, ground).seqs).toEqual([13, 14]);
  });

  test('a tail is handed each entry once, up to what is asked for', () => {
    const { appender, journal } = started();
    for (let i = 0; i < 3; i++) append(appender, [100, 100]);
    const seqs: number[] = [];
    const onEntry = (bytes: Uint8Array, offset: number, _: number, seq: number): void => {
      expect(decodeEntry(bytes, offset).seq).toBe(seq);
      seqs.push(seq);
    };
    const tail = journal.tail(2);
    expect(tail.lastSeq).toBe(1);
    tail.follow(1, nobody);
    tail.follow(3, onEntry);
    expect([seqs, tail.lastSeq]).toEqual([[2, 3], 3]);
    tail.follow(3, nobody);
    for (let i = 0; i < 9; i++) append(appender, [60_000]);
    tail.follow(14, onEntry);
    tail.follow(15, onEntry);
    expect([seqs, tail.lastSeq]).toEqual([range(2, 15), 15]);
    tail.close();
  });

  test('a tail is not led past entries that were trimmed', () => {
    const { appender, journal } = started();
    append(appender, [60_000]);
    const tail = journal.tail(1);
    for (let i = 0; i < 13; i++) append(appender, [60_000]);
    appender.sync();
    const trimmer = journal.trimmer();
    trimmer.trim({ durableSeq: 14, flushedSeq: 14, trimSeq: 14 });
    trimmer.close();
    lost(() => tail.follow(14, () => undefined));
    tail.close();
  });

  test('entries that only tier 2 has are lost ones', () => {
    const { appender, ground } = started();
    append(appender, [1, 2, 3]);
    appender.close();
    expect(started(4, ground).seqs).toEqual([]);
    lost(() => started(5, ground));
    lost(() => started(101));
  });
});

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[] }
  | { readonly kind: 'sync' }
  | { readonly kind: 'flush'; readonly share: number };

const size = fc.oneof(fc.nat(300), fc.nat(60_000));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: appendStep() },
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'sync' }) },
  { weight: 1, arbitrary: flushStep() },
);

function appendStep(): fc.Arbitrary<Step> {
  const sizes = fc.array(size, { minLength: 1, maxLength: 4 });
  return fc.record({ kind: fc.constant('append' as const), sizes });
}

function flushStep(): fc.Arbitrary<Step> {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  return fc.record({ kind: fc.constant('flush' as const), share });
}

/** Sides of one comparison: both are told the same, and answer the same. */
function act(on: { journal: Journal; appender: JournalAppender }, step: Step, flushed: number) {
  const { journal, appender } = on;
  if (step.kind === 'append') append(appender, step.sizes);
  if (step.kind === 'sync') appender.sync();
  if (step.kind === 'flush') {
    const trimmer = journal.trimmer();
    trimmer.trim({ durableSeq: appender.durableSeq, flushedSeq: flushed, trimSeq: flushed });
    trimmer.close();
  }
  return appender.nextSeq;
}

const cut = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 });
const life = fc.record({ steps: fc.array(step, { maxLength: 14 }), cut });

test.each(GROUNDS)('lives of a journal %s are those of the model', (_, make) => {
  fc.assert(
    fc.property(fc.array(life, { minLength: 1, maxLength: 4 }), (lives) => {
      const ground = make();
      const log = new MemoryLog();
      let flushed = 0;
      for (const { steps, cut: draws } of lives) {
        const seqs: number[] = [];
        const fromSeq = flushed + 1;
        const onEntry = (_b: Uint8Array, _o: number, _l: number, seq: number) => seqs.push(seq);
        const journal = ground.open();
        const tested = { journal, appender: journal.recover({ fromSeq, onEntry }) };
        const { lastSeq } = tested.appender.recovery;
        expect(lastSeq).toBeGreaterThanOrEqual(log.durableSeq);
        expect(lastSeq).toBeLessThanOrEqual(log.lastSeq);
        expect(seqs).toEqual(range(fromSeq, lastSeq));
        log.keepTo(lastSeq);
        const same = new MemoryJournal(log);
        const onSame = (): void => undefined;
        const model = { journal: same, appender: same.recover({ fromSeq, onEntry: onSame }) };
        const tail = journal.tail(lastSeq + 1);
        for (const one of steps) {
          const { durableSeq } = model.appender;
          if (one.kind === 'flush') flushed += Math.floor(one.share * (durableSeq - flushed));
          expect(act(tested, one, flushed)).toBe(act(model, one, flushed));
          // It may make more durable than it was asked to, and then must keep it.
          const isMore = tested.appender.durableSeq - log.durableSeq;
          expect(isMore).toBeGreaterThanOrEqual(0);
          log.durableSeq += isMore;
          expect(log.durableSeq).toBeLessThan(tested.appender.nextSeq);
        }
        const { durableSeq } = model.appender;
        if (flushed <= lastSeq) {
          const followed: number[] = [];
          tail.follow(durableSeq, (_b, _o, _l, seq) => followed.push(seq));
          expect(followed).toEqual(range(lastSeq + 1, durableSeq));
        }
        tail.close();
        let at = 0;
        ground.crash(() => draws[at++ % draws.length]!);
      }
    }),
    { numRuns: 40 },
  );
});
