/** Whether a thread is short of cores, by the kernel's account. */
import { describe, expect, it } from 'vitest';
import { CoreWait } from '../../src/process/core-wait.js';

const MS = 1e6;

describe('core wait', () => {
  it('is short when it waited for a tenth of what it ran, since the last look', () => {
    const accounts = [
      { ran: 900 * MS, waited: 800 * MS },
      { ran: 1000 * MS, waited: 809 * MS },
      { ran: 1100 * MS, waited: 819 * MS },
      { ran: 1100 * MS, waited: 819 * MS },
    ];
    const cores = new CoreWait(() => accounts.shift());
    expect(cores.isShort(0)).toBe(false);
    expect(cores.isShort(250)).toBe(false);
    expect(cores.isShort(500)).toBe(true);
    expect(cores.isShort(750), 'an idle thread').toBe(false);
  });

  it('looks five times a second, however often it is asked', () => {
    let looks = 0;
    const cores = new CoreWait(() => ({ ran: 0, waited: looks++ }));
    for (let ms = 0; ms < 1000; ms++) cores.isShort(ms);
    expect(looks).toBe(5);
  });

  it('is not short where the kernel keeps no account', () => {
    const cores = new CoreWait(() => undefined);
    for (let ms = 0; ms < 2000; ms += 250) expect(cores.isShort(ms)).toBe(false);
  });

  it('reads the account of the thread that asks', () => {
    const cores = new CoreWait();
    for (let ms = 0; ms < 1000; ms += 250) expect(typeof cores.isShort(ms)).toBe('boolean');
  });
});
