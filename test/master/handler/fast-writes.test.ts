/**
 * Writes that a kernel does as a whole, against the operations of src/master/ops as their twin: the
 * same requests to two masters, of which one always takes the slow path, give the same replies and
 * the same journal entries; and who meets a lock or a bound there, holds nothing and goes the long
 * way.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Caller } from '../../../src/master/executor/caller.js';
import { decodeEntry, type Entry } from '../../../src/master/journal/entry-decode.js';
import { LockList } from '../../../src/master/lock/lock-list.js';
import { NO_TICKET, Side } from '../../../src/master/lock/lock-table.js';
import type { KernelExports } from '../../../src/master/memory/exports.js';
import { WriteStatus } from '../../../src/master/memory/exports.js';
import { CONTROL, EXECUTOR } from '../../../src/master/memory/layout.js';
import * as wire from '../../../src/wire/generated/index.js';
import { TIER1_SIZES } from '../../support/fixture.js';
import { WireMaster } from '../../support/wire-master.js';

const SEED = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
const RUNS = 12;
const T0 = 1_700_000_000_000;

type Step = { readonly name: keyof typeof wire.RequestBody; readonly body: wire.RequestT['body'] };

const leaf = fc.constantFrom('a', 'b', 'x'.repeat(60), 'é', 'n'.repeat(255));
const deep = fc.array(leaf, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
/** Names of files in directories that mostly exist. */
const path = fc
  .tuple(fc.constantFrom('', '/a', '/b', '/c', '/a/b'), fc.constantFrom('f', 'g', 'h'), leaf)
  .map(([directory, first, rest]) => `${directory}/${(first + rest).slice(0, 250)}`);
const odd = fc.constantFrom('/', '//a//b/', '/a/../b', '/a/./c', 'a', '', '/d/e/f/g');
const anyPath = fc.oneof(
  { weight: 24, arbitrary: path },
  { weight: 4, arbitrary: deep },
  { weight: 1, arbitrary: odd },
);
const mode = fc.constantFrom(-1, -1, -1, 0o755, 0o700, 0o1777, 0o2775, 0o10000);
const ttl = fc.constantFrom(-1, -1, -1, 0, 60_000, -5);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(anyPath, fc.boolean(), fc.boolean(), mode, ttl, fc.constantFrom(0, 1, 2))
    .map(([at, recursive, overwrite, bits, ttlMs, action]) => ({
      name: 'CreateFile' as const,
      body: Object.assign(new wire.CreateFileT(at, recursive, overwrite), {
        mode: bits,
        ttlMs,
        ttlAction: action,
      }),
    })),
  fc.tuple(anyPath, fc.boolean(), fc.boolean(), mode).map(([at, recursive, allow, bits]) => ({
    name: 'CreateDirectory' as const,
    body: Object.assign(new wire.CreateDirectoryT(at, recursive, allow), { mode: bits }),
  })),
  fc
    .tuple(anyPath, fc.boolean(), fc.boolean(), fc.boolean())
    .map(([at, recursive, skipTrash, alluxioOnly]) => ({
      name: 'Delete' as const,
      body: new wire.DeleteT(at, recursive, skipTrash, false, alluxioOnly),
    })),
  fc.tuple(anyPath, anyPath, fc.boolean()).map(([from, to, overwrite]) => ({
    name: 'Rename' as const,
    body: new wire.RenameT(from, to, overwrite),
  })),
  anyPath.map((at) => ({ name: 'Undelete' as const, body: new wire.UndeleteT(at) })),
  fc.tuple(anyPath, fc.constantFrom(0o700, 0o777, 0o1777)).map(([at, bits]) => ({
    name: 'SetAttribute' as const,
    body: Object.assign(new wire.SetAttributeT(at), { mode: bits }),
  })),
);

/** Counts what the kernel published. */
function counting(seen: { published: number }): (kernel: KernelExports) => KernelExports {
  return (kernel) => {
    const note = (status: WriteStatus): WriteStatus => {
      if (status === WriteStatus.PUBLISHED) seen.published++;
      return status;
    };
    return {
      ...kernel,
      serveWrite: (bytes, now) => note(kernel.serveWrite(bytes, now)),
      goOnWriting: (now) => note(kernel.goOnWriting(now)),
    };
  };
}

/** Directories that anybody may write, so that most of what is drawn has a parent. */
async function prepare(master: WireMaster): Promise<void> {
  for (const at of ['/a', '/b', '/c', '/a/b', '/b/a']) {
    const body = Object.assign(new wire.CreateDirectoryT(at, false, true), { mode: 0o777 });
    await master.ask('CreateDirectory', body);
  }
  await master.ask('SetAttribute', Object.assign(new wire.SetAttributeT('/'), { mode: 0o777 }));
}

/** The last entry that the writer has committed, without what differs between two journals. */
function lastEntry(master: WireMaster): Omit<Entry, 'salt'> {
  const { shared, executors } = master.fixture;
  const staging = shared.executorBase(executors.length) + EXECUTOR.REPLY;
  const { salt, ...entry } = decodeEntry(shared.u8, staging);
  expect(salt).not.toBe(0);
  return entry;
}

afterEach(() => vi.restoreAllMocks());

describe.each(TIER1_SIZES)('with a tier of %d bytes', (tier1Bytes) => {
  test('a kernel and the operation answer alike and write the same entry', async () => {
    console.log(`seed ${SEED}`);
    const seen = { published: 0 };
    const users = ['root', 'alice', 'bob'] as const;
    const sequence = fc.array(fc.tuple(step, fc.constantFrom(...users), fc.boolean()), {
      minLength: 40,
      maxLength: 60,
    });
    const run = async (steps: [Step, (typeof users)[number], boolean][]): Promise<void> => {
      let now = T0;
      vi.spyOn(Date, 'now').mockImplementation(() => now);
      const fast = new WireMaster({ tier1Bytes, kernelOf: counting(seen) });
      const long = new WireMaster({ tier1Bytes });
      long.fast = false;
      try {
        for (const master of [fast, long]) await prepare(master);
        for (const [{ name, body }, user, flushes] of steps) {
          now += 7;
          const ports = [fast, long].map((master) =>
            master.send(name, body, { caller: clientOf(master.fixture[user]) }),
          );
          await fast.fixture.until(() => ports[0]!.ended);
          await long.fixture.until(() => ports[1]!.ended);
          expect(ports[0]!.replies).toEqual(ports[1]!.replies);
          expect(lastEntry(fast)).toEqual(lastEntry(long));
          if (flushes) for (const master of [fast, long]) master.fixture.flush();
        }
      } finally {
        await fast.close();
        await long.close();
      }
    };
    await fc.assert(fc.asyncProperty(sequence, run), { numRuns: RUNS, seed: SEED });
    // Or nothing was compared.
    console.log(`${seen.published} writes by a kernel`);
    expect(seen.published).toBeGreaterThan(4 * RUNS);
  });
});

/** The same object for the same user, so that sessions are not made anew for each call. */
const clients = new WeakMap<Caller, Caller>();
function clientOf(caller: Caller): Caller {
  const known = clients.get(caller) ?? { ...caller, clientId: 99 };
  clients.set(caller, known);
  return known;
}

describe('locks', () => {
  let master: WireMaster;
  const seen = { published: 0 };
  beforeEach(async () => {
    seen.published = 0;
    master = new WireMaster({ kernelOf: counting(seen) });
    await master.ask('CreateDirectory', new wire.CreateDirectoryT('/d'));
    seen.published = 0;
  });
  afterEach(() => master.close());

  const create = (at: string) => master.send('CreateFile', new wire.CreateFileT(at));
  const heldStripes = (): number => {
    const { locks } = master.fixture.executor;
    let held = 0;
    for (let stripe = 0; stripe < locks.stripeCount; stripe++) {
      const { writer, readers } = locks.inspect(stripe);
      if (writer !== undefined || readers > 0) held++;
    }
    return held;
  };
  /** WRITE on the inode of /d, by the other executor. */
  const lockDirectory = async (): Promise<{ list: LockList; free: () => void }> => {
    const { locks } = master.fixture.executors[1]!;
    const status = await master.ask<wire.FileInfoT>('GetStatus', new wire.GetStatusT('/d'));
    const list = new LockList();
    list.add(locks.inodeStripe(Number(status.inode!.id), Side.DIRECTORY), true);
    list.seal();
    return { list, free: () => locks.release(list) };
  };

  test('a published write holds its locks until it is applied, and then none', async () => {
    const { list } = await lockDirectory();
    const port = create('/d/f');
    expect(seen.published).toBe(1);
    const other = master.fixture.executors[1]!.locks;
    expect(other.tryAcquire(list, NO_TICKET)).toBe(false);
    // Root, /→d and d for reading, d→f for writing.
    expect(heldStripes()).toBe(4);
    const { holders } = master.fixture.schedulers[0]!.report(performance.now());
    expect(holders).toMatchObject([{ operation: 'createFile', target: '/d/f', user: 'root' }]);
    await master.fixture.until(() => port.ended);
    expect(heldStripes()).toBe(0);
    expect(other.tryAcquire(list, NO_TICKET)).toBe(true);
    other.release(list);
  });

  test('a write that meets a lock holds nothing, and is done when the lock is free', async () => {
    const { list, free } = await lockDirectory();
    expect(master.fixture.executors[1]!.locks.tryAcquire(list, NO_TICKET)).toBe(true);
    const port = create('/d/f');
    expect(seen.published).toBe(0);
    expect(heldStripes()).toBe(1);
    master.fixture.pump();
    expect(port.ended).toBe(false);
    free();
    await master.fixture.until(() => port.ended);
    expect(port.replies[0]?.code).toBe(0);
    expect(heldStripes()).toBe(0);
  });

  test('who waits for a lock is older than a kernel that comes by', async () => {
    const { list, free } = await lockDirectory();
    const waiting = master.fixture.executors[1]!.locks;
    const first = create('/d/f');
    const ticket = waiting.takeTicket();
    expect(waiting.tryAcquire(list, ticket)).toBe(false);
    await master.fixture.until(() => first.ended);
    // Nobody holds the directory now, but one waits for it.
    const second = create('/d/g');
    expect(seen.published).toBe(1);
    expect(waiting.tryAcquire(list, ticket)).toBe(true);
    free();
    await master.fixture.until(() => second.ended);
    expect(second.replies[0]?.code).toBe(0);
    expect(heldStripes()).toBe(0);
  });

  test('a ring that is full sends more writes down the slow path; all are done', async () => {
    const ports = Array.from({ length: 6000 }, (_, i) => create(`/d/f${i}`));
    expect(seen.published).toBeGreaterThan(1000);
    expect(seen.published).toBeLessThan(6000);
    await master.fixture.until(() => ports.every((port) => port.ended));
    expect(ports.every((port) => port.replies[0]?.code === 0)).toBe(true);
    expect(heldStripes()).toBe(0);
    expect(master.fixture.shared.load(CONTROL.LOCK_PARKED)).toBe(0);
  });

  test('a call that is sent again gets its first answer', async () => {
    const caller = { ...master.fixture.root, clientId: 5 };
    const ask = () => master.ask<wire.FileInfoT>('CreateFile', new wire.CreateFileT('/d/f'), as);
    const as = { caller, call: 77 };
    const first = await ask();
    await master.ask('Delete', new wire.DeleteT('/d/f'), { caller, call: 78 });
    expect((await ask()).inode!.id).toBe(first.inode!.id);
    expect(seen.published).toBe(2);
  });
});

test('however many components are not in tier 1, a write is done once', async () => {
  const seen = { published: 0 };
  const master = new WireMaster({ kernelOf: counting(seen) });
  const depths = Array.from({ length: 24 }, (_, i) => i + 1);
  const directory = (depth: number): string => `/n${depth}${'/d'.repeat(depth - 1)}`;
  try {
    for (const depth of depths) {
      await master.ask('CreateDirectory', new wire.CreateDirectoryT(directory(depth), true));
    }
    const changes: [Step['name'], (depth: number) => Step['body']][] = [
      ['CreateFile', (depth) => new wire.CreateFileT(`${directory(depth)}/f`)],
      ['Rename', (depth) => new wire.RenameT(`${directory(depth)}/f`, `${directory(depth)}/g`)],
      ['Delete', (depth) => new wire.DeleteT(`${directory(depth)}/g`)],
    ];
    for (const [name, body] of changes) {
      await master.restart({ flushed: true });
      seen.published = 0;
      for (const depth of depths) await master.ask(name, body(depth));
      // By the kernel as far as it fills, and all the others by the slow path.
      expect(seen.published).toBeGreaterThan(5);
      expect(seen.published).toBeLessThan(depths.length);
    }
  } finally {
    await master.close();
  }
});
