/** Goal: no client takes the numbers of names that others need, and what has one goes on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { NAME_RESERVE_UNITS } from '../../../src/master/executor/name-shares.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { Namespace, refusal } from '../ops/mutations/namespace.js';

let names: Namespace;
beforeEach(async () => {
  names = new Namespace({ executorCount: 2 });
  await names.setAttribute('/', { owner: 'root', group: 'root', mode: 0o777 });
});
afterEach(() => names.close());

const from = (source: string, user: string, groups: readonly string[] = []) => ({
  user,
  groups,
  clientId: 0,
  source,
});

/** Only so many units of the table are free. */
function leave(units: number): void {
  const { shared } = names.fixture;
  const used = shared.fixed(CONTROL.STRING_BLOB_BYTES) - units * 64;
  shared.store(CONTROL.STRING_USED, used);
}

const create = (path: string, as: ReturnType<typeof from>, executor = 0) =>
  names.createFile(path, { as, executor });

/** New users of one client until one is refused. */
async function takeAll(source: string): Promise<number> {
  for (let i = 0; ; i++) {
    const as = from(source, `${source}-${i}`);
    // Which executor serves it makes no difference.
    const failed = await create(`/${source}-${i}`, as, i % 2).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failed === undefined) continue;
    expect(failed).toMatchObject({
      ...refusal(Code.RESOURCE_EXHAUSTED, 'new user and group names'),
      hint: expect.stringContaining('superuser'),
    });
    return i;
  }
}

describe('B20: names', () => {
  test('B20: a greedy client is stopped, others and all known names go on', async () => {
    await create('/before', from('greedy', 'ann'));
    leave(NAME_RESERVE_UNITS + 1600);
    const taken = await takeAll('greedy');
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(NAME_RESERVE_UNITS);
    await create('/known', from('greedy', 'ann'));
    await expect(create('/again', from('greedy', 'ben', ['staff']))).rejects.toMatchObject(
      refusal(Code.RESOURCE_EXHAUSTED),
    );
    await create('/other', from('other', 'ben', ['staff']));
    expect(names.stat('/other')).toMatchObject({ owner: 'ben', group: 'staff' });
    await create('/seen', from('greedy', 'ben', ['staff']));
    await names.setAttribute('/known', { owner: 'carl' });
  });

  test('B20: one that may bring no name does not fail another that waits for it', async () => {
    leave(NAME_RESERVE_UNITS + 200);
    await takeAll('greedy');
    const [greedy, other] = await names.together(
      ['greedy', 'other'].map((source) =>
        names.calls.createFile(`/${source}`, { as: from(source, 'dora'), executor: 0 }),
      ),
    );
    expect(other!.ok).toBe(true);
    expect(greedy!.ok || greedy!.code === Code.RESOURCE_EXHAUSTED).toBe(true);
  });

  test('B20: the last numbers are kept for the superuser; a day has its shares', async () => {
    leave(NAME_RESERVE_UNITS + 200);
    const taken = await takeAll('greedy');
    names.fixture.shared.store(CONTROL.NAME_SHARE_DAY, 0);
    await create('/tomorrow', from('greedy', 'eve'));
    expect(taken).toBeGreaterThan(0);
    leave(NAME_RESERVE_UNITS);
    await expect(create('/late', from('new', 'fay'))).rejects.toMatchObject(
      refusal(Code.RESOURCE_EXHAUSTED, 'kept for the superuser'),
    );
    await names.setAttribute('/tomorrow', { owner: 'fay' });
    await create('/late', from('new', 'fay'));
    expect(names.stat('/late')!.owner).toBe('fay');
  });
});
