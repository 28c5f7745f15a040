/**
 * A master that cannot write refuses whatever would change the namespace, with one text: users'
 * calls, and its own duties (reclaim and ttl). It answers a call that was applied before as then.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import type { Caller } from '../../../../src/master/executor/caller.js';
import { CONTROL } from '../../../../src/master/memory/layout.js';
import { ReadOnly } from '../../../../src/master/memory/state.js';
import { ForgetExpiries } from '../../../../src/master/ops/verbs/expire.js';
import { Reclaim } from '../../../../src/master/ops/verbs/reclaim.js';
import { Unmount } from '../../../../src/master/ops/verbs/unmount.js';
import type { Info } from '../../../support/outcome.js';
import { bytesOf, Namespace, refusal } from './namespace.js';

describe('a read-only master', () => {
  let names: Namespace;
  let first: Info;
  const client: Caller = { user: 'root', groups: ['root'], clientId: 4711 };

  beforeEach(async () => {
    names = new Namespace();
    await names.mkdir('/d');
    first = await names.createFile('/d/f', { as: client, callId: 1 });
    names.fixture.shared.putBits(CONTROL.READ_ONLY, ReadOnly.RESERVE, true);
  });
  afterEach(() => names.close());

  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['createFile', () => names.createFile('/d/g')],
    ['createDirectory', () => names.mkdir('/d/e')],
    ['completeFile', () => names.complete('/d/f', { length: 1 })],
    ['delete', () => names.delete('/d', { recursive: true })],
    ['undelete', () => names.undelete('/d/f')],
    ['rename', () => names.rename('/d/f', '/d/g')],
    ['setAttribute', () => names.setAttribute('/d/f', { mode: 0o600 })],
    [
      'unmount',
      () => names.fixture.run((sink) => new Unmount(names.root, 0, { path: bytesOf('/d') }, sink)),
    ],
    ['reclaim', () => names.fixture.run((sink) => new Reclaim(names.root, [], sink))],
    ['expiry', () => names.fixture.run((sink) => new ForgetExpiries(names.root, [], sink))],
  ];

  it.each(changes)('refuses %s', async (_name, change) => {
    const seq = names.fixture.shared.load(CONTROL.APPLIED_SEQ);
    await expect(change()).rejects.toMatchObject(
      refusal(Code.FAILED_PRECONDITION, 'The master is read-only'),
    );
    expect(names.fixture.shared.load(CONTROL.APPLIED_SEQ)).toBe(seq);
  });

  it('answers a repeated call, and goes on when there is room again', async () => {
    const again = await names.createFile('/d/f', { as: client, callId: 1 });
    expect(again).toEqual(first);
    names.fixture.shared.putBits(CONTROL.READ_ONLY, ReadOnly.RESERVE, false);
    await names.createFile('/d/g');
  });
});
