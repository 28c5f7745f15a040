/** When a thread pauses so that frames gather, and when it must not. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Gather, type GatherMember } from '../../src/net/gather.js';

/** Time goes on by `turnMs` a turn. */
class Setting {
  readonly pauses: number[] = [];
  nowMs = 1000;
  readonly gather = new Gather(
    (ms) => this.pauses.push(ms),
    () => this.nowMs,
  );

  /** Each of these brings a frame, in turns of `perTurn` frames. */
  async call(members: readonly GatherMember[], perTurn: number, turnMs: number): Promise<void> {
    for (let i = 0; i < members.length; i += perTurn) {
      for (const member of members.slice(i, i + perTurn)) this.gather.heard(member);
      await turn();
      this.nowMs += turnMs;
    }
  }
}

const connections = (count: number): GatherMember[] =>
  Array.from({ length: count }, () => ({ gatherWindow: 0 }));

describe('frames of a crowd gather', () => {
  it('pauses when many call and few are ready at a time', async () => {
    const setting = new Setting();
    const crowd = connections(20);
    for (let round = 0; round < 10; round++) await setting.call(crowd, 2, 0.1);
    // One window tells that there is a crowd; each of the turns from then on brings too little.
    expect(setting.pauses.length).toBeGreaterThan(80);
    expect(setting.pauses.length).toBeLessThanOrEqual(100);
    expect(Math.max(...setting.pauses)).toBeLessThan(1);
  });

  it('does not when the turns are full', async () => {
    const setting = new Setting();
    const crowd = connections(20);
    for (let round = 0; round < 50; round++) await setting.call(crowd, 20, 0.5);
    expect(setting.pauses).toEqual([]);
  });

  it('never for one caller, however quick, nor for a few', async () => {
    for (const count of [1, 2, 5, 11]) {
      const setting = new Setting();
      const few = connections(count);
      for (let round = 0; round < 100; round++) await setting.call(few, 1, 0.01);
      expect(setting.pauses).toEqual([]);
    }
  });

  it('never for thousands that call seldom', async () => {
    const setting = new Setting();
    await setting.call(connections(3000), 1, 0.4);
    expect(setting.pauses).toEqual([]);
  });

  it('forgets the crowd when it is gone', async () => {
    const setting = new Setting();
    const crowd = connections(20);
    for (let round = 0; round < 5; round++) await setting.call(crowd, 2, 0.1);
    const before = setting.pauses.length;
    expect(before).toBeGreaterThan(0);
    setting.nowMs += 10_000;
    await setting.call([crowd[0]!, crowd[0]!, crowd[0]!], 1, 1.1);
    const after = setting.pauses.length;
    expect(after).toBeLessThanOrEqual(before + 1);
    for (let call = 0; call < 100; call++) await setting.call([crowd[0]!], 1, 0.1);
    expect(setting.pauses.length).toBe(after);
  });
});
