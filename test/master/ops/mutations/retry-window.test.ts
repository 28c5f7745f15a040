/**
 * The window of remembered calls over restarts: what a flush takes out of the journal stays known,
 * old answers go with their time, and the oldest go first when there is no room.
 */
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import type { Caller } from '../../../../src/master/executor/caller.js';
import { CONTROL, CONTROL_BASE, RETRY_BYTES } from '../../../../src/master/memory/layout.js';
import { Namespace, refusal } from './namespace.js';

const client: Caller = { user: 'root', groups: ['root'], clientId: 4711 };
let names: Namespace;
afterEach(() => names.close());

const by = (callId: number) => ({ as: client, callId });
const word = (offset: number): number =>
  names.fixture.executor.kernel.load64(CONTROL_BASE + offset);

function storedRows(): number {
  let bytes = 0;
  for (const { value } of names.fixture.tier2.calls.getRange()) bytes += value.length;
  return bytes / RETRY_BYTES;
}

it('a flush and a restart lose no answer, however often, in any mix', async () => {
  names = new Namespace();
  const ids: number[] = [];
  for (let call = 1; call <= 120; call++) {
    ids.push((await names.createFile(`/f${call}`, by(call))).id);
    if (call % 25 === 0) names.fixture.flush();
    if (call % 40 === 0) await names.fixture.restart({ flushed: call === 80 });
  }
  for (let round = 0; round < 3; round++) {
    await names.fixture.restart({ flushed: true });
    for (let call = 1; call <= 120; call++) {
      expect((await names.createFile(`/f${call}`, by(call))).id).toBe(ids[call - 1]);
    }
  }
  expect(names.stat('/')!.length).toBe(120);
  expect(storedRows()).toBe(120);
});

it('the first answer stands when the way to it is gone, or its name taken again', async () => {
  names = new Namespace();
  await names.mkdir('/d');
  const { id } = await names.createFile('/d/f', by(1));
  await names.setAttribute('/d/f', { mode: 0o600 }, by(2));
  await names.rename('/d/f', '/d/g', by(3));
  await names.createFile('/d/f');
  await names.delete('/d', { ...by(4), recursive: true });
  await names.fixture.restart({ flushed: true });
  for (let round = 0; round < 2; round++) {
    expect(await names.createFile('/d/f', by(1))).toMatchObject({ id });
    await names.setAttribute('/d/f', { mode: 0o600 }, by(2));
    await names.rename('/d/f', '/d/g', by(3));
    await names.delete('/d', { ...by(4), recursive: true });
    expect(names.stat('/d')).toBeUndefined();
    await names.fixture.restart({ flushed: round === 0 });
  }
});

it('A22: answers older than the window leave the disk, younger ones never do', async () => {
  // Of time itself nothing is asked: a busy machine may take any for a hundred creates.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  names = new Namespace({ retryWindowMs: 150 });
  for (let call = 1; call <= 100; call++) await names.createFile(`/f${call}`, by(call));
  names.fixture.flush();
  expect(storedRows()).toBe(100);
  vi.setSystemTime(Date.now() + 200);
  await names.createFile('/g', by(200));
  names.fixture.flush();
  expect(storedRows()).toBe(1);
  await names.fixture.restart({ flushed: true });
  await expect(names.createFile('/f1', by(1))).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
  expect((await names.createFile('/g', by(200))).name).toBe('g');
});

it('without room the oldest go first, before their time, and that is counted', async () => {
  names = new Namespace({ retryEntryCount: 64 });
  for (let call = 1; call <= 100; call++) {
    await names.createFile(`/f${call}`, by(call));
    if (call % 30 === 0) names.fixture.flush();
  }
  expect(word(CONTROL.RETRY_EARLY)).toBe(36);
  await names.fixture.restart({ flushed: true });
  expect(storedRows()).toBeLessThan(64 + 48);
  for (let call = 37; call <= 100; call++) {
    expect((await names.createFile(`/f${call}`, by(call))).name).toBe(`f${call}`);
  }
  await expect(names.createFile('/f1', by(1))).rejects.toMatchObject(refusal(Code.ALREADY_EXISTS));
});

it("B26: another's numbers, or those of a call of another kind, find nothing", async () => {
  names = new Namespace();
  await names.mkdir('/d', { mode: 0o777 });
  const alice: Caller = { user: 'alice', groups: ['staff'], clientId: 4711 };
  const bob: Caller = { user: 'bob', groups: ['guests'], clientId: 4711 };
  const hers = await names.createFile('/d/hers', { as: alice, callId: 9 });
  const his = await names.createFile('/d/his', { as: bob, callId: 9 });
  expect(his.id).not.toBe(hers.id);
  expect(names.stat('/d/his')).toMatchObject({ id: his.id });
  // Her own, of another kind: it is done, and not answered with what the create did.
  await names.delete('/d/hers', { as: alice, callId: 9 });
  expect(names.stat('/d/hers')).toBeUndefined();
  await names.fixture.restart({ flushed: true });
  expect(await names.createFile('/d/his', { as: bob, callId: 9 })).toMatchObject({ id: his.id });
});
