/** The same call sent twice, as a client does that lost its connection: applied once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import type { Caller } from '../../../../src/master/executor/caller.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { type Draft, Namespace, type Outcome, refusal, xattrMap } from './namespace.js';

const client: Caller = { user: 'root', groups: ['root'], clientId: 4711 };
const other: Caller = { ...client, clientId: 4712 };

describe.each(TIER1_SIZES)('repeated calls with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  let callId = 0;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  const by = () => ({ as: client, callId: ++callId });

  /**
   * At once, on two executors; then later; then after a restart from the journal, and from tier 2.
   */
  async function sentAgain(draft: (executor: number) => Draft): Promise<Outcome[]> {
    const outcomes = await names.together([draft(0), draft(1)]);
    outcomes.push(...(await names.together([draft(1)])));
    await names.fixture.restart();
    outcomes.push(...(await names.together([draft(0)])));
    await names.fixture.restart({ flushed: true });
    outcomes.push(...(await names.together([draft(0)])));
    return outcomes;
  }

  function expectSame(outcomes: readonly Outcome[]): void {
    const [first] = outcomes;
    expect(first).toMatchObject({ ok: true });
    for (const outcome of outcomes) expect(outcome).toEqual(first);
  }

  it('21. createFile: every answer is the same inode; another call is refused', async () => {
    const call = by();
    const xattrs = xattrMap({ k: 'v' });
    expectSame(
      await sentAgain((executor) => names.calls.createFile('/f', { ...call, executor, xattrs })),
    );
    expect(names.stat('/')!.length).toBe(1);
    await expect(names.createFile('/f', by())).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
    await expect(
      names.createFile('/f', { as: other, callId: call.callId }),
      'call ids belong to their client',
    ).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
  });

  it('21. recursive creates, of files and of directories', async () => {
    const file = by();
    expectSame(
      await sentAgain((executor) =>
        names.calls.createFile('/a/b/c/f', { ...file, executor, recursive: true }),
      ),
    );
    const directory = by();
    expectSame(
      await sentAgain((executor) =>
        names.calls.mkdir('/a/d/e', { ...directory, executor, recursive: true }),
      ),
    );
    expect(names.children('/a')).toEqual(['b', 'd']);
    expect(names.stat('/a')!.length).toBe(2);
  });

  it('21. an overwrite happens once', async () => {
    const old = await names.createFile('/f');
    const call = by();
    const outcomes = await sentAgain((executor) =>
      names.calls.createFile('/f', { ...call, executor, overwrite: true }),
    );
    expectSame(outcomes);
    expect(names.stat('/f')!.id).not.toBe(old.id);
    expect(names.stat('/')!.length).toBe(1);
  });

  it('21. what was created may be gone by the time of the repeat', async () => {
    const call = by();
    const { info, seq } = await names.run(names.calls.createFile('/f', call));
    await names.delete('/f');
    const again = await names.run(names.calls.createFile('/f', call));
    expect(again).toMatchObject({ info: { id: info!.id, name: 'f' }, seq });
    expect(names.stat('/f')).toBeUndefined();
  });

  it('27. completeFile', async () => {
    await names.mkdir('/d');
    await names.createFile('/d/f');
    const call = by();
    expectSame(
      await sentAgain((executor) =>
        names.calls.complete('/d/f', { ...call, executor, length: 7, persisted: true, mtimeMs: 5 }),
      ),
    );
    await expect(names.complete('/d/f', by())).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
  });

  it('47. delete: once, also when the name is in use again', async () => {
    await names.createFile('/f');
    const call = by();
    expectSame(await sentAgain((executor) => names.calls.delete('/f', { ...call, executor })));
    const next = await names.createFile('/f');
    await names.delete('/f', call);
    expect(names.stat('/f')!.id).toBe(next.id);
  });

  it('47. undelete', async () => {
    await names.mkdir('/d');
    await names.delete('/d');
    const call = by();
    expectSame(await sentAgain((executor) => names.calls.undelete('/d', { ...call, executor })));
    expect(names.stat('/')!.length).toBe(1);
  });

  it('66. rename: once, also when the source exists again', async () => {
    const directory = await names.mkdir('/d');
    const call = by();
    expectSame(
      await sentAgain((executor) => names.calls.rename('/d', '/e', { ...call, executor })),
    );
    const next = await names.mkdir('/d');
    await names.rename('/d', '/e', call);
    expect(names.stat('/d')!.id).toBe(next.id);
    expect(names.stat('/e')!.id).toBe(directory.id);
  });

  it('setAttribute does not undo what came after it', async () => {
    await names.createFile('/f');
    const call = by();
    await names.setAttribute('/f', { mode: 0o600 }, call);
    await names.setAttribute('/f', { mode: 0o644 });
    await names.setAttribute('/f', { mode: 0o600 }, call);
    expect(names.stat('/f')!.mode).toBe(0o644);
  });

  it('a call that failed is tried again', async () => {
    const call = by();
    await expect(names.createFile('/d/f', call)).rejects.toMatchObject(refusal(Code.NOT_FOUND));
    await names.mkdir('/d');
    expect((await names.createFile('/d/f', call)).name).toBe('f');
  });

  it('without a client id, nothing is taken for a repeat', async () => {
    await names.createFile('/f', { callId: 99 });
    await expect(names.createFile('/f', { callId: 99 })).rejects.toMatchObject(
      refusal(Code.ALREADY_EXISTS),
    );
  });
});
