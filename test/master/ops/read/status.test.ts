/** Status by path, by id and in batches; access and xattrs, as a client sees them. */
import { afterEach, describe, expect, test } from 'vitest';
import { Code, type StatusError } from '../../../../src/base/status.js';
import type { Executor } from '../../../../src/master/executor/executor.js';
import { readRecord } from '../../../../src/master/memory/record-fields.js';
import { GetStatusById } from '../../../../src/master/ops/verbs/get-status-by-id.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { Verbs } from '../../../support/verbs.js';
import { WireMaster } from '../../../support/wire-master.js';

let master: WireMaster;
let verbs: Verbs;

function open(tier1Bytes: number): void {
  master = new WireMaster({ tier1Bytes });
  verbs = new Verbs(master);
}

afterEach(() => master.close());

describe.each(TIER1_SIZES)('status with %i bytes of tier 1', (tier1Bytes) => {
  test('1: what was created is told as it was asked for', async () => {
    open(tier1Bytes);
    const made = await verbs.file('/a/f', { blockSize: 4096, mode: 0o640 });
    const seen = await verbs.status('/a/f');
    expect(seen).toEqual(made);
    expect(seen.inode).toMatchObject({ length: 0, blockSize: 4096, mode: 0o640, ttlMs: -1 });
    expect(seen.owner).toBe('root');
  });

  test('67: a missing path is NOT_FOUND, and does not exist', async () => {
    open(tier1Bytes);
    await verbs.file('/a/f');
    const missing = { code: Code.NOT_FOUND, path: '/a/g' };
    await expect(verbs.status('/a/g')).rejects.toMatchObject(missing);
    await expect(verbs.status('/a/f/below')).rejects.toMatchObject({ code: Code.NOT_FOUND });
    expect(await verbs.exists('/a/g')).toBe(false);
    expect(await verbs.exists('/a/f/below')).toBe(false);
    expect(await verbs.exists('/a/f')).toBe(true);
    expect(await verbs.exists('/')).toBe(true);
    await expect(verbs.statusById(123_456)).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  test('77: an inode is found by its id while tier 2 has neither of its names', async () => {
    open(tier1Bytes);
    const { fixture } = master;
    const id = Number((await verbs.file('/a/f')).inode?.id);
    // Its epoch is closed, the call waits for the flush of it, and the rename comes before that.
    fixture.closeEpoch();
    const answers: string[] = [];
    const sink = {
      info: ({ shared }: Executor, record: number) => {
        answers.push(new TextDecoder().decode(readRecord(shared.view, record).name));
      },
      fail: ({ message }: StatusError) => answers.push(message),
    };
    fixture.schedulers[0]!.submit(
      new GetStatusById(fixture.root, 0, { id, withAttributes: false }, sink),
    );
    await verbs.rename('/a/f', '/a/g');
    await fixture.until(() => answers.length > 0);
    expect(answers).toEqual(['g']);
  });

  test('153: paths are cleaned; what is no path is INVALID_ARGUMENT', async () => {
    open(tier1Bytes);
    const made = await verbs.file('/foo/bar');
    for (const path of ['/foo//bar//', '/x/../foo/bar', '/foo/./bar']) {
      expect((await verbs.status(path)).inode?.id).toBe(made.inode?.id);
    }
    for (const path of ['', 'foo', '/a\0b', `/${'n'.repeat(256)}`, '/d'.repeat(257)]) {
      await expect(verbs.status(path)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    }
  });

  test('113: READ on the inode, EXECUTE on all above it', async () => {
    open(tier1Bytes);
    const { alice, bob } = master.fixture;
    await verbs.directory('/home', { mode: 0o777 });
    await verbs.file('/home/alice/secret', { mode: 0o000 }, { caller: alice });
    await verbs.file('/home/alice/note', { mode: 0o644 }, { caller: alice });
    const denied = { code: Code.PERMISSION_DENIED };
    await expect(verbs.status('/home/alice/secret', { caller: bob })).rejects.toMatchObject(denied);
    await expect(verbs.status('/home/alice/secret', { caller: bob })).rejects.toThrow('READ');
    expect((await verbs.status('/home/alice/note', { caller: bob })).owner).toBe('alice');
    await verbs.change('/home/alice', { mode: 0o744 });
    await expect(verbs.status('/home/alice/note', { caller: bob })).rejects.toThrow('EXECUTE');
    await expect(verbs.exists('/home/alice/no', { caller: bob })).rejects.toMatchObject(denied);
    expect((await verbs.status('/home/alice/secret')).owner).toBe('alice');
  });

  test('118: checkAccess', async () => {
    open(tier1Bytes);
    const { alice, bob } = master.fixture;
    const member = { ...bob, groups: ['supergroup'] };
    await verbs.file('/f', { mode: 0o640 });
    await verbs.change('/f', { owner: 'alice', group: 'guests' });
    const may = (bits: number, path = '/f', caller = bob): Promise<unknown> =>
      master.ask('CheckAccess', new wire.CheckAccessT(path, bits), { caller });
    await may(6, '/f', alice);
    await may(4);
    await expect(may(2)).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
    await expect(may(6)).rejects.toThrow('WRITE');
    await expect(may(4, '/g')).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(may(8)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await may(7, '/f', member);
  });

  test('xattrs are told to those who ask', async () => {
    open(tier1Bytes);
    const value = Uint8Array.of(1, 2, 3);
    const xattrs = [new wire.XAttrT('user.a', value), new wire.XAttrT('user.b')];
    await verbs.file('/f', { xattrs });
    expect((await verbs.status('/f')).xattrs).toEqual([]);
    const told = await verbs.status('/f', {}, true);
    expect(told.path).toBe('/f');
    expect(told.xattrs.map(({ name, value }) => [name, [...value]])).toEqual([
      ['user.a', [1, 2, 3]],
      ['user.b', []],
    ]);
    const alone = await master.ask<wire.XAttrsReplyT>('GetXAttrs', new wire.GetXAttrsT('/f'));
    expect(alone.xattrs).toEqual(told.xattrs);
    await verbs.file('/g');
    const none = await master.ask<wire.XAttrsReplyT>('GetXAttrs', new wire.GetXAttrsT('/g'));
    expect(none.xattrs).toEqual([]);
  });

  test('an id leads to its path, also after a rename of a directory above it', async () => {
    open(tier1Bytes);
    const made = await verbs.file('/a/b/c/f');
    const id = made.inode!.id;
    expect(await verbs.pathOf(id)).toBe('/a/b/c/f');
    await verbs.rename('/a/b', '/a/x');
    expect(await verbs.pathOf(id)).toBe('/a/x/c/f');
    expect((await verbs.statusById(id)).inode?.id).toBe(id);
    await verbs.delete('/a/x');
    await expect(verbs.pathOf(id)).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await expect(verbs.statusById(id)).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await master.ask('Undelete', new wire.UndeleteT('/a/x'));
    expect(await verbs.pathOf(id)).toBe('/a/x/c/f');
    await master.restart();
    expect(await verbs.pathOf(id)).toBe('/a/x/c/f');
    expect(await verbs.pathOf(1)).toBe('/');
  });

  test('a batch has an outcome for each path', async () => {
    open(tier1Bytes);
    for (let i = 0; i < 300; i++) await verbs.file(`/d/f${i}`);
    const asked = Array.from({ length: 400 }, (_, i) => `/d/f${i}`);
    for (const withAttributes of [false, true]) {
      const body = new wire.BatchGetStatusT(asked, 0, withAttributes);
      const { results } = await master.ask<wire.BatchReplyT>('BatchGetStatus', body);
      expect(results).toHaveLength(400);
      for (const [i, result] of results.entries()) {
        expect(result.code).toBe(i < 300 ? Code.OK : Code.NOT_FOUND);
        if (i < 300) expect(result.info?.name).toBe(`f${i}`);
        else expect(result.error?.path).toBe(`/d/f${i}`);
        if (withAttributes && i < 300) expect(result.info?.path).toBe(`/d/f${i}`);
      }
    }
    const tooMany = new wire.BatchGetStatusT(new Array(1025).fill('/'));
    const refused = master.ask('BatchGetStatus', tooMany);
    await expect(refused).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });
});
