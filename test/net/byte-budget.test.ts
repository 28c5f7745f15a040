/** B18: bytes of all threads together stay within the account, and what is given back is there. */
import { describe, expect, it } from 'vitest';
import { ByteBudget, GRANT_BYTES, ownAccount } from '../../src/net/byte-budget.js';

describe('the budget of bytes', () => {
  it('B18: shares one account between threads, and gives back what is idle', () => {
    const account = ownAccount(32);
    const [one, other] = [new ByteBudget(account), new ByteBudget(account)];
    // All but the eighth that is kept for small ones.
    expect(one.add(28 * GRANT_BYTES)).toBe(true);
    expect(other.hasRoom(GRANT_BYTES)).toBe(false);
    expect(other.add(1024)).toBe(true);
    one.remove(28 * GRANT_BYTES);
    expect(other.add(20 * GRANT_BYTES)).toBe(true);
    other.remove(20 * GRANT_BYTES + 1024);
    expect([one.used, other.used]).toEqual([0, 0]);
    expect(account.add(0)).toBeLessThanOrEqual(8);
  });

  it('counts what stands already, and says that there was no room', () => {
    const told: number[] = [];
    const budget = new ByteBudget(ownAccount(1), (held) => told.push(held));
    expect(budget.add(3 * GRANT_BYTES)).toBe(false);
    expect(budget.hasRoom(1)).toBe(false);
    budget.remove(3 * GRANT_BYTES);
    expect(told).toEqual([3 * GRANT_BYTES, 0]);
    expect(budget.hasRoom(1)).toBe(true);
  });

  it('needs no account while it stays within its grants', () => {
    let asked = 0;
    const add = (grants: number): number => {
      asked++;
      return grants;
    };
    const budget = new ByteBudget({ max: 100, add });
    for (let i = 0; i < 1000; i++) {
      budget.add(4096);
      budget.remove(4096);
    }
    expect(asked).toBe(1);
  });
});
