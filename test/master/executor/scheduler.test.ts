/**
 * How calls wait, and how waits end. What holds locks here is a call whose entry the writer has
 * not committed yet: pump() is the writer, so nothing commits before the test says so.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code, StatusError } from '../../../src/base/status.js';
import { Call, type Sink } from '../../../src/master/executor/call.js';
import type { Executor } from '../../../src/master/executor/executor.js';
import { Park } from '../../../src/master/executor/park.js';
import { Scheduler } from '../../../src/master/executor/scheduler.js';
import type { LockTable } from '../../../src/master/lock/lock-table.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { nextTurn } from '../../support/fixture.js';
import { OutcomeSink } from '../../support/outcome.js';
import { type Draft, Namespace, refusal } from '../ops/mutations/namespace.js';

let names: Namespace;
beforeEach(async () => {
  names = new Namespace({ executorCount: 3 });
  // Gives root's names their numbers: the calls below shall wait for other things.
  await names.setAttribute('/', { owner: 'root', group: 'root' });
});
afterEach(() => names.close());

type Submitted = { readonly sink: OutcomeSink; readonly call: Call };

function submit(draft: Draft, change: Partial<Call> = {}, scheduler?: Scheduler): Submitted {
  const sink = new OutcomeSink();
  const call = Object.assign(draft.make(sink), change);
  (scheduler ?? names.fixture.schedulers[draft.executor]!).submit(call);
  return { sink, call };
}

const settled = (...all: Submitted[]): Promise<void> =>
  names.fixture.until(() => all.every(({ sink }) => sink.settled));

/** Waits by the event loop alone: nothing is committed meanwhile. */
async function unpumped(done: () => boolean): Promise<void> {
  for (const end = performance.now() + 5000; performance.now() < end; await nextTurn()) {
    if (done()) return;
  }
  throw new Error('did not come to an end');
}

function marks(table: LockTable): number[] {
  const stripes = Array.from({ length: table.stripeCount }, (_, stripe) => stripe);
  return stripes.filter((stripe) => table.inspect(stripe).ticket !== 0);
}

function held(table: LockTable): number[] {
  const stripes = Array.from({ length: table.stripeCount }, (_, stripe) => stripe);
  return stripes.filter((stripe) => {
    const { writer, readers } = table.inspect(stripe);
    return writer !== undefined || readers > 0;
  });
}

describe('calls that wait for a lock', () => {
  it('have their turn: the oldest next, and nobody is overtaken twice', async () => {
    const calls = Array.from({ length: 6 }, (_, i) =>
      submit(names.calls.setAttribute('/', { mode: 0o700 + i }, { executor: i % 3 })),
    );
    expect(names.fixture.schedulers.map((scheduler) => scheduler.report(0).holders.length)).toEqual(
      [1, 0, 0],
    );
    await unpumped(() => marks(names.fixture.executor.locks).length > 0);
    await settled(...calls);
    const seqs = calls.map(({ sink }) => sink.outcome().seq);
    expect(seqs.slice(0, 2)).toEqual([seqs[0], seqs[0]! + 1]);
    for (const [i, seq] of seqs.entries()) {
      const overtaken = seqs.filter((other, j) => j > i && other < seq).length;
      expect(overtaken, `call ${i}`).toBeLessThanOrEqual(2);
    }
    expect(held(names.fixture.executor.locks)).toEqual([]);
    expect(marks(names.fixture.executor.locks)).toEqual([]);
    expect(names.fixture.shared.load(CONTROL.LOCK_PARKED)).toBe(0);
  });

  it('end with their deadline, and leave no mark', async () => {
    const holder = submit(names.calls.createFile('/f'));
    const late = submit(names.calls.delete('/f', { executor: 1 }), {
      deadline: performance.now() + 30,
    });
    await unpumped(() => late.sink.settled);
    expect(() => late.sink.outcome()).toThrow(
      expect.objectContaining(refusal(Code.DEADLINE_EXCEEDED)),
    );
    expect(marks(names.fixture.executor.locks)).toEqual([]);
    expect(names.fixture.schedulers[1]!.parkedCount).toBe(0);
    await settled(holder);
    expect(names.stat('/f')).toBeDefined();
    expect(held(names.fixture.executor.locks)).toEqual([]);
  });

  it('end when the client cancels them', async () => {
    const holder = submit(names.calls.createFile('/f'));
    const waiter = submit(names.calls.delete('/f'));
    await nextTurn();
    waiter.call.cancelled = true;
    await unpumped(() => waiter.sink.settled);
    expect(() => waiter.sink.outcome()).toThrow(
      expect.objectContaining(refusal(Code.CANCELLED, 'cancelled')),
    );
    expect(marks(names.fixture.executor.locks)).toEqual([]);
    await settled(holder);
  });

  it('a call is not begun when it is cancelled, or late and would have to wait', async () => {
    const cancelled = submit(names.calls.createFile('/c'), { cancelled: true });
    expect(() => cancelled.sink.outcome()).toThrow(
      expect.objectContaining(refusal(Code.CANCELLED)),
    );
    const holder = submit(names.calls.createFile('/f'));
    const late = submit(names.calls.delete('/f'), { deadline: performance.now() - 1 });
    expect(() => late.sink.outcome()).toThrow(
      expect.objectContaining(refusal(Code.DEADLINE_EXCEEDED)),
    );
    await settled(holder);
  });

  it('one that is given up lets those pass whom only its mark had stopped', async () => {
    const { fixture } = names;
    await names.mkdir('/d');
    // Reads the root: the writer of the root's attributes has to wait, and marks it.
    const holder = submit(names.calls.createFile('/d/f'));
    const writer = submit(names.calls.setAttribute('/', { mode: 0o777 }, { executor: 1 }));
    await unpumped(() => marks(fixture.executor.locks).length > 0);
    const reader = submit(names.calls.createFile('/d/g', { executor: 2 }));
    await nextTurn();
    expect(reader.sink.settled).toBe(false);
    expect(fixture.schedulers[2]!.report(0).holders.length).toBe(0);
    writer.call.cancelled = true;
    await unpumped(() => writer.sink.settled);
    // The holder still holds; but readers share with it.
    await unpumped(() => fixture.schedulers[2]!.report(0).holders.length === 1);
    await settled(holder, reader);
    expect(marks(fixture.executor.locks)).toEqual([]);
  });

  it('are told when a refused call gives its locks back', async () => {
    await names.createFile('/f');
    // Between the taking of the locks and the refusal another executor finds them taken.
    let waiter: Submitted | undefined;
    const draft = names.calls.createFile('/f');
    const meddling = draft.make({
      info: () => {},
      empty: () => {},
      fail: () => {},
    } satisfies Sink);
    const execute = Reflect.get(meddling, 'execute') as (executor: unknown) => boolean;
    Object.assign(meddling, {
      execute: (executor: unknown) => {
        waiter = submit(names.calls.delete('/f', { executor: 1 }));
        return execute.call(meddling, executor);
      },
    });
    names.fixture.schedulers[0]!.submit(meddling);
    expect(waiter!.sink.settled).toBe(false);
    await unpumped(() => names.fixture.schedulers[1]!.report(0).holders.length === 1);
    await settled(waiter!);
    expect(held(names.fixture.executor.locks)).toEqual([]);
  });
});

describe('B19: what a release costs', () => {
  let attempts = 0;

  /** As submit(), with each try counted. */
  function submitCounted(draft: Draft): Submitted {
    const sink = new OutcomeSink();
    const call = draft.make(sink);
    const attempt = call.attempt.bind(call);
    Object.assign(call, {
      attempt: (executor: Executor) => {
        attempts++;
        return attempt(executor);
      },
    });
    names.fixture.schedulers[draft.executor]!.submit(call);
    return { sink, call };
  }

  /** How often calls are tried until `count` changes of one file are done. */
  async function tries(path: string, count: number): Promise<number> {
    await names.createFile(path);
    attempts = 0;
    const calls = Array.from({ length: count }, (_, i) =>
      submitCounted(names.calls.setAttribute(path, { mode: i & 0o777 }, { executor: i % 2 })),
    );
    await settled(...calls);
    expect(calls.every(({ sink }) => succeeded(sink))).toBe(true);
    return attempts;
  }

  it('does not grow with how many wait for one stripe', async () => {
    const few = await tries('/few', 200);
    const many = await tries('/many', 1600);
    // When each release tried all who waited it was 64 times as much.
    expect(many / few).toBeLessThan(12);
    expect(many).toBeLessThan(1600 * 6);
    expect(marks(names.fixture.executor.locks)).toEqual([]);
  });

  it('those who wait for one lock have it in the order in which they came', async () => {
    const calls = Array.from({ length: 40 }, () =>
      submit(names.calls.setAttribute('/', { mode: 0o755 }, { executor: 1 })),
    );
    const readers = Array.from({ length: 10 }, (_, i) => submit(names.calls.createFile(`/r${i}`)));
    await settled(...calls, ...readers);
    const seqs = calls.map(({ sink }) => sink.outcome().seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it('a full ring does not try all who wait at each completion', async () => {
    const xattrs = new Map([['k', new Uint8Array(60_000)]]);
    attempts = 0;
    const calls = Array.from({ length: 300 }, (_, i) =>
      submitCounted(names.calls.createFile(`/${i}`, { xattrs })),
    );
    await settled(...calls);
    expect(attempts).toBeLessThan(300 * 4);
  });
});

describe('bounds', () => {
  it('parkedMax: one call more is refused, and says when to come back', async () => {
    const bugs: unknown[] = [];
    const scheduler = new Scheduler(names.fixture.executors[1]!, {
      parkedMax: 3,
      onBug: (bug) => bugs.push(bug),
    });
    const holder = submit(names.calls.createFile('/f'));
    const drafts = Array.from({ length: 5 }, () => names.calls.delete('/f'));
    const calls = drafts.map((draft) => submit(draft, {}, scheduler));
    expect(scheduler.parkedCount).toBe(3);
    expect(calls.map(({ sink }) => sink.settled)).toEqual([false, false, false, true, true]);
    expect(() => calls[4]!.sink.outcome()).toThrow(
      expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 50 }),
    );
    await settled(holder, ...calls);
    expect(calls.filter(({ sink }) => succeeded(sink))).toHaveLength(1);
    expect(bugs).toEqual([]);
    scheduler.drain(new StatusError(Code.UNAVAILABLE, 'done'));
  });

  it('a full ring holds calls back until completions make room', async () => {
    // 1 MiB of ring, 60 KiB an entry: at most 17 fit.
    const xattrs = new Map([['k', new Uint8Array(60_000)]]);
    const calls = Array.from({ length: 60 }, (_, i) =>
      submit(names.calls.createFile(`/${i}`, { xattrs })),
    );
    const [scheduler] = names.fixture.schedulers;
    expect(scheduler!.report(0).holders.length).toBeLessThan(18);
    expect(scheduler!.parkedCount).toBe(60 - scheduler!.report(0).holders.length);
    await settled(...calls);
    expect(calls.every(({ sink }) => succeeded(sink))).toBe(true);
    expect(names.stat('/')!.length).toBe(60);
    expect(scheduler!.parkedCount).toBe(0);
    expect(held(names.fixture.executor.locks)).toEqual([]);
  });

  it('a deadline ends the wait for a full ring too', async () => {
    const xattrs = new Map([['k', new Uint8Array(60_000)]]);
    const deadline = performance.now() + 30;
    const calls = Array.from({ length: 20 }, (_, i) =>
      submit(names.calls.createFile(`/${i}`, { xattrs }), { deadline }),
    );
    const [scheduler] = names.fixture.schedulers;
    await unpumped(() => scheduler!.parkedCount === 0);
    const committing = scheduler!.report(0).holders.length;
    await settled(...calls);
    expect(calls.filter(({ sink }) => succeeded(sink))).toHaveLength(committing);
  });

  it('drain ends every wait, and refuses what comes after it', async () => {
    const gone = new StatusError(Code.UNAVAILABLE, 'stopping');
    const holder = submit(names.calls.createFile('/f'));
    const forLock = submit(names.calls.delete('/f'));
    const forName = submit(names.calls.createFile('/g', { as: stranger('zoe'), executor: 1 }));
    await nextTurn();
    for (const scheduler of names.fixture.schedulers) scheduler.drain(gone);
    const after = submit(names.calls.createFile('/h'));
    for (const { sink } of [forLock, after]) {
      expect(() => sink.outcome()).toThrow(expect.objectContaining({ code: Code.UNAVAILABLE }));
    }
    await settled(holder);
    await nextTurn();
    expect(marks(names.fixture.executor.locks)).toEqual([]);
    expect(forName.sink.settled).toBe(true);
  });
});

describe('names of users', () => {
  it('many calls of new users on all executors: each name gets one number', async () => {
    await names.setAttribute('/', { mode: 0o777 });
    const drafts = Array.from({ length: 60 }, (_, i) =>
      names.calls.createFile(`/${i}`, { as: stranger(`user${i % 7}`), executor: i % 3 }),
    );
    const outcomes = await names.together(drafts);
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    for (let i = 0; i < 60; i++) {
      expect(names.stat(`/${i}`)).toMatchObject({ owner: `user${i % 7}`, group: `user${i % 7}s` });
    }
    // '', root's name and group, mode changes none, and seven users with a group each.
    const count = names.fixture.shared.load(CONTROL.STRING_COUNT);
    await names.fixture.restart();
    expect(names.fixture.shared.load(CONTROL.STRING_COUNT)).toBe(count);
    expect(names.stat('/3')!.owner).toBe('user3');
    await names.fixture.restart({ flushed: true });
    expect(names.stat('/59')).toMatchObject({ owner: 'user3', group: 'user3s' });
  });

  it('a name that is refused refuses all that wait for it, at once', async () => {
    await names.setAttribute('/', { mode: 0o777 });
    const outcomes = await names.together(
      [0, 1, 2, 0].map((executor, i) =>
        names.calls.createFile(`/${i}`, { as: stranger('x'.repeat(300)), executor }),
      ),
    );
    expect(outcomes.map((outcome) => !outcome.ok && outcome.code)).toEqual(
      Array(4).fill(Code.INVALID_ARGUMENT),
    );
    await names.createFile('/fine');
  });

  it('a full table refuses new names and serves the old ones, also after a restart', async () => {
    await names.setAttribute('/', { mode: 0o777 });
    await names.createFile('/known', { as: stranger('ann') });
    const { shared } = names.fixture;
    const bytes = shared.fixed(CONTROL.STRING_BLOB_BYTES);
    const used = shared.load(CONTROL.STRING_USED);
    shared.store(CONTROL.STRING_USED, bytes - 2);
    await expect(names.setAttribute('/known', { owner: 'ben' })).rejects.toMatchObject(
      refusal(Code.FAILED_PRECONDITION, 'names'),
    );
    await names.createFile('/g', { as: stranger('ann') });
    shared.store(CONTROL.STRING_USED, used);
    await names.fixture.restart();
    expect(names.stat('/g')!.owner).toBe('ann');
  });
});

describe('calls that wait for a store', () => {
  it('end with their deadline while the store hangs, and its answer comes to nobody', async () => {
    let answer = (): void => {};
    const hung = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const sink = new OutcomeSink();
    const call = new WaitsForStore(hung, sink);
    call.deadline = performance.now() + 20;
    const [scheduler] = names.fixture.schedulers;
    scheduler!.submit(call);
    expect(scheduler!.parkedCount).toBe(1);
    await unpumped(() => sink.settled);
    expect(() => sink.outcome()).toThrow(expect.objectContaining(refusal(Code.DEADLINE_EXCEEDED)));
    answer();
    await nextTurn();
    expect(call.attempts).toBe(1);
    expect(scheduler!.parkedCount).toBe(0);
  });
});

class WaitsForStore extends Call {
  readonly name = 'waitsForStore';
  attempts = 0;
  readonly #done: Promise<void>;
  readonly #sink: Sink;

  constructor(done: Promise<void>, sink: Sink) {
    super({ user: 'root', groups: [], clientId: 0 }, 0);
    this.#done = done;
    this.#sink = sink;
  }

  override attempt(): boolean {
    this.attempts++;
    throw Park.work(this.#done);
  }

  fail(error: StatusError): void {
    this.#sink.fail(error);
  }

  describe(): string {
    return 'a store';
  }
}

const stranger = (user: string) => ({ user, groups: [`${user}s`], clientId: 0 });

function succeeded(sink: OutcomeSink): boolean {
  try {
    sink.outcome();
    return true;
  } catch {
    return false;
  }
}
