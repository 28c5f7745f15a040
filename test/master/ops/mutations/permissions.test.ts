/** Who may change what: cases 111-118 of what a master does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import type { Caller } from '../../../../src/master/executor/caller.js';
import { CheckAccess } from '../../../../src/master/ops/verbs/check-access.js';
import { GetStatus } from '../../../../src/master/ops/verbs/get-status.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { bytesOf, type Draft, Namespace, refusal } from './namespace.js';

describe.each(TIER1_SIZES)('permissions with %i bytes of tier 1', (tier1Bytes) => {
  let names: Namespace;
  beforeEach(() => {
    names = new Namespace({ tier1Bytes });
  });
  afterEach(() => names.close());

  const admin: Caller = { user: 'ada', groups: ['supergroup'], clientId: 0 };
  const checkAccess = (path: string, bits: number, as: Caller): Draft => ({
    executor: 0,
    make: (sink) => new CheckAccess(as, 0, { path: bytesOf(path), bits }, sink),
  });
  const getStatus = (path: string, as: Caller): Draft => ({
    executor: 0,
    make: (sink) =>
      new GetStatus(as, 0, { path: bytesOf(path), load: 0, withAttributes: false }, sink),
  });

  it('111. who is no superuser does not write under the root (0755)', async () => {
    await names.mkdir('/d');
    await names.createFile('/f');
    const before = names.stat('/');
    const { calls, alice } = names;
    const outcomes = await names.together([
      calls.createFile('/x', { as: alice }),
      calls.createFile('/x/y/z', { as: alice, recursive: true }),
      calls.createFile('/f', { as: alice, overwrite: true }),
      calls.mkdir('/x', { as: alice }),
      calls.delete('/f', { as: alice }),
      calls.delete('/d', { as: alice, recursive: true }),
      calls.rename('/f', '/g', { as: alice }),
      calls.undelete('/f2', { as: alice }),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        ok: false,
        code: Code.PERMISSION_DENIED,
        error: { message: expect.stringContaining('user=alice, access=WRITE') },
      });
    }
    expect(names.stat('/')).toEqual(before);
  });

  it('112. superuser and members of the supergroup pass everywhere', async () => {
    await names.mkdir('/d', { mode: 0 });
    for (const as of [names.root, admin]) {
      await names.createFile('/d/f', { as, mode: 0 });
      await names.complete('/d/f', { as, length: 1 });
      await names.setAttribute('/d/f', { owner: 'alice', mode: 0o400, pinned: true }, { as });
      await names.rename('/d/f', '/d/g', { as });
      await names.delete('/d/g', { as });
      await names.undelete('/d/g', { as });
      await names.delete('/d/g', { as, skipTrash: true });
      await names.run(checkAccess('/d', 7, as));
    }
  });

  it('111. without permissions, everybody is the superuser', async () => {
    const open = new Namespace({ tier1Bytes, permissions: false });
    await open.createFile('/f', { as: open.alice });
    await open.setAttribute('/f', { owner: 'bob' }, { as: open.alice });
    await open.close();
  });

  it('113. a directory without EXECUTE hides what is below, and is named', async () => {
    await names.mkdir('/d/e/f', { recursive: true });
    await names.setAttribute('/d/e', { mode: 0o744 });
    await names.setAttribute('/d/e/f', { mode: 0o777 });
    const refused = refusal(
      Code.PERMISSION_DENIED,
      'access=EXECUTE, path="/d/e/f/x": failed at "/d/e"',
    );
    await expect(names.createFile('/d/e/f/x', { as: names.alice })).rejects.toMatchObject(refused);
    await expect(names.delete('/d/e/f/x', { as: names.alice })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'EXECUTE'),
    );
    await expect(names.createFile('/d/e/f', { as: names.alice })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'EXECUTE'),
    );
    await expect(
      names.setAttribute('/d/e/f', { pinned: true }, { as: names.alice }),
    ).rejects.toMatchObject(refusal(Code.PERMISSION_DENIED, 'EXECUTE'));
  });

  it('113. what may not be seen is not told apart from what is missing', async () => {
    await names.mkdir('/secret', { mode: 0o700 });
    await names.createFile('/secret/f');
    for (const path of ['/secret/f', '/secret/none', '/secret/f/below', '/secret/none/below']) {
      const { calls, alice } = names;
      const outcomes = await names.together([
        calls.createFile(path, { as: alice }),
        calls.createFile(path, { as: alice, recursive: true }),
        calls.mkdir(path, { as: alice, allowExists: true }),
        calls.complete(path, { as: alice }),
        calls.delete(path, { as: alice }),
        calls.undelete(path, { as: alice }),
        calls.rename(path, '/secret/x', { as: alice }),
        calls.setAttribute(path, { pinned: true }, { as: alice }),
      ]);
      const told = outcomes.map((outcome, i) => `${i} ${outcome.ok ? 'ok' : outcome.code}`);
      expect(told, path).toEqual(told.map((_, i) => `${i} ${Code.PERMISSION_DENIED}`));
    }
  });

  it('113. information about a file that the caller may not read is refused', async () => {
    await names.createFile('/f', { mode: 0 });
    await expect(names.run(getStatus('/f', names.alice))).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'access=READ'),
    );
  });

  it('114. only a superuser gives a file away', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice });
    await expect(
      names.setAttribute('/d/f', { owner: 'bob' }, { as: names.alice }),
    ).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'is not a super user or in super group'),
    );
    await names.setAttribute('/d/f', { owner: 'bob' }, { as: admin });
    expect(names.stat('/d/f')!.owner).toBe('bob');
  });

  it('115. the owner changes the mode, and the group to one of theirs', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice, mode: 0o666 });
    await names.setAttribute('/d/f', { mode: 0o640, group: 'staff' }, { as: names.alice });
    await expect(
      names.setAttribute('/d/f', { group: 'guests' }, { as: names.alice }),
    ).rejects.toMatchObject(refusal(Code.PERMISSION_DENIED));
    await names.setAttribute('/d/f', { mode: 0o666 }, { as: names.alice });
    for (const change of [{ mode: 0o777 }, { group: 'guests' }]) {
      await expect(names.setAttribute('/d/f', change, { as: names.bob })).rejects.toMatchObject(
        refusal(Code.PERMISSION_DENIED, 'is not the owner'),
      );
    }
  });

  it('116. ttl, pin and xattrs need WRITE', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice });
    for (const change of [
      { ttlMs: 1000 },
      { pinned: true },
      { xattrs: new Map([['k', bytesOf('v')]]) },
      { replicationMin: 1 },
    ]) {
      await expect(names.setAttribute('/d/f', change, { as: names.bob })).rejects.toMatchObject(
        refusal(Code.PERMISSION_DENIED, 'access=WRITE'),
      );
      await names.setAttribute('/d/f', change, { as: names.alice });
    }
  });

  it('118. checkAccess: bits granted, denied, missing, and the supergroup', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice, mode: 0o640 });
    const staff: Caller = { user: 'carol', groups: ['x', 'staff'], clientId: 0 };
    await names.run(checkAccess('/d/f', 6, names.alice));
    await names.run(checkAccess('/d/f', 4, staff));
    await names.run(checkAccess('/d/f', 7, admin));
    for (const [bits, as, name] of [
      [1, names.alice, 'EXECUTE'],
      [2, staff, 'WRITE'],
      [4, names.bob, 'READ'],
    ] as const) {
      await expect(names.run(checkAccess('/d/f', bits, as))).rejects.toMatchObject(
        refusal(Code.PERMISSION_DENIED, name),
      );
    }
    await expect(names.run(checkAccess('/d/x', 0, names.bob))).rejects.toMatchObject(
      refusal(Code.NOT_FOUND),
    );
  });

  it('the first class that fits decides: owner, then group, then other', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice, mode: 0o077 });
    await names.setAttribute('/d/f', { group: 'guests' });
    await expect(names.run(checkAccess('/d/f', 4, names.alice))).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED),
    );
    await names.run(checkAccess('/d/f', 7, names.bob));
    await names.setAttribute('/d/f', { mode: 0o707 });
    await expect(names.run(checkAccess('/d/f', 4, names.bob))).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED),
    );
  });

  it('a new mode counts at once, also after a restart', async () => {
    await names.mkdir('/d', { mode: 0o777 });
    await names.createFile('/d/f', { as: names.alice });
    await names.setAttribute('/d', { mode: 0o755 });
    await expect(names.createFile('/d/g', { as: names.alice })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED),
    );
    await names.fixture.restart();
    await expect(names.createFile('/d/g', { as: names.alice })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED),
    );
    await names.setAttribute('/d', { owner: 'alice' });
    await names.createFile('/d/g', { as: names.alice });
  });

  it('a user whom the master never saw has the rights of others', async () => {
    const nobody: Caller = { user: 'nobody-yet', groups: [], clientId: 0 };
    await names.mkdir('/d', { mode: 0o777 });
    await expect(names.createFile('/f', { as: nobody })).rejects.toMatchObject(
      refusal(Code.PERMISSION_DENIED, 'user=nobody-yet'),
    );
    const file = await names.createFile('/d/f', { as: nobody });
    expect(file).toMatchObject({ owner: 'nobody-yet', group: 'root' });
  });
});
