/** Mutations below directories whose store was not asked yet: they wait, and hold nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code, StatusError } from '../../../../src/base/status.js';
import { Mutation } from '../../../../src/master/executor/call.js';
import type { Executor, Loader } from '../../../../src/master/executor/executor.js';
import { Op } from '../../../../src/master/memory/op-codes.js';
import * as R from '../../../../src/master/memory/record.js';
import { nextTurn } from '../../../support/fixture.js';
import { OutcomeSink } from '../../../support/outcome.js';
import { bytesOf, type Draft, Namespace, refusal } from './namespace.js';

/** Puts a directory as a load from a store does: nobody has looked what is in it. */
class PutUnloaded extends Mutation {
  readonly name = 'putUnloaded';
  protected readonly op = Op.LOAD;
  readonly #text: string;
  readonly #mode: number;
  readonly #sink: OutcomeSink;

  constructor(text: string, mode: number, sink: OutcomeSink) {
    super({ user: 'root', groups: [], clientId: 0 }, 0);
    this.#text = text;
    this.#mode = mode;
    this.#sink = sink;
  }

  protected plan(): void {
    // Nobody else is there.
  }

  protected execute(executor: Executor): boolean {
    const now = Date.now();
    executor.ring.entry.parent(0, R.ROOT_ID, now, 1, new Uint8Array(0));
    executor.ring.entry.putFields({
      seq: 0,
      parentId: R.ROOT_ID,
      id: executor.takeId(),
      length: 0,
      mtimeMs: now,
      ctimeMs: now,
      ttlMs: -1,
      blockSize: 0,
      mode: this.#mode,
      type: R.INODE_TYPE_DIRECTORY,
      flags: R.FLAG_COMPLETED | R.FLAG_PERSISTED,
      owner: 0,
      group: 0,
      mountId: 1,
      replicationMin: 0,
      replicationMax: -1,
      fingerprint: 0,
      name: bytesOf(this.#text),
    });
    return true;
  }

  complete(_executor: Executor, _entry: number, seq: number): void {
    this.#sink.empty(seq);
  }

  protected repeat(): void {
    // Never sent twice.
  }

  fail(error: StatusError): void {
    this.#sink.fail(error);
  }

  describe(): string {
    return this.#text;
  }
}

class Store implements Loader {
  readonly asked: string[] = [];
  answer: () => void = () => {};
  refuse: (error: StatusError) => void = () => {};

  load(path: string, children: boolean): Promise<void> {
    this.asked.push(children ? `${path}/*` : path);
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.refuse = reject;
    });
  }
}

describe('what the store may have', () => {
  let names: Namespace;
  let store: Store;
  beforeEach(async () => {
    store = new Store();
    names = new Namespace({ loader: store });
    await put('m', 0o777);
  });
  afterEach(() => names.close());

  async function put(text: string, mode: number): Promise<void> {
    const sink = new OutcomeSink();
    names.fixture.schedulers[0]!.submit(new PutUnloaded(text, mode, sink));
    await names.fixture.until(() => sink.settled);
    sink.outcome();
  }

  function submit(draft: Draft): OutcomeSink {
    const sink = new OutcomeSink();
    names.fixture.schedulers[draft.executor]!.submit(draft.make(sink));
    return sink;
  }

  it('is asked for once, while nothing is locked; then the operation goes on', async () => {
    const sink = submit(names.calls.createFile('/m/f'));
    await names.fixture.until(() => store.asked.length > 0);
    expect(store.asked).toEqual(['/m/f']);
    // Needs WRITE on what every operation below the root reads.
    await names.setAttribute('/', { mode: 0o777 });
    await names.setAttribute('/m', { pinned: true });
    expect(sink.settled).toBe(false);
    store.answer();
    await names.fixture.until(() => sink.settled);
    expect(sink.outcome().info!.flags & R.FLAG_PINNED).not.toBe(0);
    expect(store.asked).toEqual(['/m/f']);
  });

  it('is not asked for names below directories that are only here', async () => {
    await names.mkdir('/d');
    await names.createFile('/d/f');
    await expect(names.delete('/d/x')).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    expect(store.asked).toEqual([]);
  });

  it('whose names came with the answer counts as existing', async () => {
    const sink = submit(names.calls.mkdir('/late'));
    await names.fixture.until(() => sink.settled);
    const created = submit(names.calls.createFile('/m/x', { executor: 1 }));
    await names.fixture.until(() => store.asked.length > 0);
    const { answer } = store;
    const other = submit(names.calls.createFile('/m/x'));
    await names.fixture.until(() => store.asked.length === 2);
    store.answer();
    await names.fixture.until(() => other.settled);
    answer();
    await names.fixture.until(() => created.settled);
    expect(() => created.outcome()).toThrow(expect.objectContaining(refusal(Code.ALREADY_EXISTS)));
  });

  it('is asked for children before a directory counts as empty', async () => {
    const sink = submit(names.calls.delete('/m'));
    await names.fixture.until(() => store.asked.length > 0);
    expect(store.asked).toEqual(['/m/*']);
    store.answer();
    await names.fixture.until(() => sink.settled);
    sink.outcome();
    expect(names.stat('/m')).toBeUndefined();
  });

  it('is asked on both ends of a rename', async () => {
    const sink = submit(names.calls.rename('/m/a', '/m/b'));
    for (const path of ['/m/a', '/m/b']) {
      await names.fixture.until(() => store.asked.includes(path));
      store.answer();
      await nextTurn();
    }
    await names.fixture.until(() => sink.settled);
    expect(() => sink.outcome()).toThrow(expect.objectContaining(refusal(Code.NOT_FOUND, '/m/a')));
    expect(store.asked).toEqual(['/m/a', '/m/b']);
  });

  it('costs those nothing who may not look there', async () => {
    await put('private', 0o700);
    const { calls, alice } = names;
    const outcomes = await names.together([
      calls.createFile('/private/x', { as: alice }),
      calls.delete('/private/x', { as: alice }),
      calls.rename('/private/x', '/m/x', { as: alice }),
      calls.setAttribute('/private/x', { pinned: true }, { as: alice }),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ ok: false, code: Code.PERMISSION_DENIED });
    }
    expect(store.asked).toEqual([]);
  });

  it('97. cannot be reached: its calls fail, those elsewhere do not notice', async () => {
    const sink = submit(names.calls.createFile('/m/f'));
    await names.fixture.until(() => store.asked.length > 0);
    await names.createFile('/elsewhere');
    store.refuse(new StatusError(Code.UNAVAILABLE, 'no answer from the store'));
    await names.fixture.until(() => sink.settled);
    expect(() => sink.outcome()).toThrow(
      expect.objectContaining(refusal(Code.UNAVAILABLE, 'no answer')),
    );
    expect(names.fixture.schedulers[0]!.parkedCount).toBe(0);
  });
});
