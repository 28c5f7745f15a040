/** Calls to a store are bounded in number and in time. */
import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../src/base/semaphore.js';
import { Code, StatusError } from '../../src/base/status.js';
import { CallGate } from '../../src/stores/call-gate.js';
import { signal } from './stores.js';

const gateOf = (
  options: Partial<{ timeoutMs: number; maxConcurrent: number; maxWaiting: number }>,
) =>
  new CallGate({
    timeoutMs: 5000,
    idleMs: 5000,
    maxConcurrent: 2,
    maxWaiting: 2,
    explain: () => new StatusError(Code.UNAVAILABLE, 'explained'),
    ...options,
  });
const call = (given: AbortSignal = signal()) => ({ uri: 'mem://x', signal: given });
const never = () => new Promise<never>(() => undefined);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('CallGate', () => {
  it('says UNAVAILABLE of a call that hangs, and aborts its work', async () => {
    const gate = gateOf({ timeoutMs: 20 });
    let worked: AbortSignal | undefined;
    const hanging = gate.run(call(), (given) => {
      worked = given;
      return never();
    });
    await expect(hanging).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(worked?.aborted).toBe(true);
  });

  it('keeps the permit of work that goes on, and gives it back when it ends', async () => {
    const gate = gateOf({ timeoutMs: 20, maxConcurrent: 1, maxWaiting: 5 });
    let finish = () => undefined as unknown;
    const slow = gate.run(call(), () => new Promise<void>((resolve) => (finish = resolve)));
    await expect(slow).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(gate.held).toBe(1);
    const next = gate.run(call(), async () => 'in');
    await expect(next).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    finish();
    await turn();
    expect(gate.held).toBe(0);
    expect(await gate.run(call(), async () => 'in')).toBe('in');
  });

  it('refuses beyond its queue, and lets the queue in, in order', async () => {
    const gate = gateOf({});
    const order: number[] = [];
    const finish: (() => void)[] = [];
    const run = (index: number) =>
      gate.run(call(), () => {
        order.push(index);
        return new Promise<void>((resolve) => finish.push(resolve));
      });
    const running = [run(0), run(1), run(2), run(3)];
    await expect(run(4)).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(order).toEqual([0, 1]);
    while (finish.length > 0) {
      finish.shift()?.();
      await turn();
    }
    await Promise.all(running);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(gate.held).toBe(0);
  });

  it('ends with its caller: cancelled, past a deadline, or with the reason given', async () => {
    const gate = gateOf({ maxConcurrent: 1 });
    const aborted = (reason: unknown) => gate.run(call(AbortSignal.abort(reason)), never);
    await expect(aborted(undefined)).rejects.toMatchObject({ code: Code.CANCELLED });
    const late = gate.run(call(AbortSignal.timeout(5)), never);
    await expect(late).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    const reason = new StatusError(Code.ABORTED, 'mine');
    await expect(aborted(reason)).rejects.toBe(reason);
  });

  it('a waiter that gives up leaves the queue and costs no permit', async () => {
    const gate = gateOf({ maxConcurrent: 1, maxWaiting: 1 });
    const release = await gate.enter(call(), 'look');
    const controller = new AbortController();
    const waiting = gate.enter(call(controller.signal), 'look');
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: Code.CANCELLED });
    const next = gate.enter(call(), 'look');
    release();
    (await next)();
    expect(gate.held).toBe(0);
  });

  it('gives back a permit granted around the moment its caller gives up', async () => {
    const gate = gateOf({ maxConcurrent: 1, maxWaiting: 1 });
    // A grant passes through some promises on its way: give up at each of them.
    for (let hopCount = 0; hopCount < 20; hopCount++) {
      const release = await gate.enter(call(), 'look');
      const controller = new AbortController();
      const waiting = gate.run(call(controller.signal), () => turn());
      release();
      for (let hop = 0; hop < hopCount; hop++) await Promise.resolve();
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: Code.CANCELLED });
      await turn();
      await turn();
      expect(gate.held, `after ${hopCount} hops`).toBe(0);
    }
  });

  it('close ends what waits and what works', async () => {
    const gate = gateOf({ maxConcurrent: 1 });
    const both = [gate.run(call(), never), gate.run(call(), never)];
    gate.close();
    for (const one of both) await expect(one).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await expect(gate.run(call(), async () => 1)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('explains what is no status, and passes a status on', async () => {
    const gate = gateOf({});
    const thrown = (error: unknown) => gate.run(call(), () => Promise.reject(error));
    await expect(thrown(new Error('raw'))).rejects.toThrow('explained');
    await expect(thrown(new StatusError(Code.NOT_FOUND, 'mine'))).rejects.toThrow('mine');
  });
});

describe('Semaphore', () => {
  it('never has more holders than permits, and forgets nobody', async () => {
    const semaphore = new Semaphore({ permitCountMax: 3, waiterCountMax: 100 });
    let holders = 0;
    let most = 0;
    const hold = async () => {
      const release = await semaphore.acquire(signal());
      most = Math.max(most, ++holders);
      await turn();
      holders--;
      release();
    };
    await Promise.all(Array.from({ length: 50 }, hold));
    expect(most).toBe(3);
    expect(semaphore.held + semaphore.waiting).toBe(0);
  });
});
