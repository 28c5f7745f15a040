/** Listings: pages on demand, one ahead, over whatever connection there is. */
import { afterEach, describe, expect, it } from 'vitest';
import { OrchardClient } from '../../src/client/index.js';
import { ListPageT } from '../../src/wire/generated/index.js';
import { end, FakeMaster, fileInfo, type Seen } from './fake-master.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const PAGES = 5;

/** Page n names its entries n-0, n-1, …; the cursor is the number of the next page. */
function page(seen: Seen, size = 3): ListPageT {
  const cursor = seen.body['cursor'] as Uint8Array;
  const number = cursor.length === 0 ? 0 : cursor[0]!;
  const entries = Array.from({ length: size }, (_, index) => fileInfo(`/d/${number}-${index}`));
  for (const entry of entries) entry.path = null;
  const isLast = number === PAGES - 1;
  const next = isLast ? new Uint8Array(0) : Uint8Array.of(number + 1);
  return new ListPageT(entries, next, !isLast, PAGES * size);
}

async function pair() {
  const master = await new FakeMaster((seen, port) => end(port, page(seen))).start();
  open.push({ close: () => master.stop() });
  const client = await OrchardClient.connect({ port: master.port, user: 'alice' });
  open.push({ close: () => client.close({ withinMs: 0 }) });
  return { master, client };
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('list', () => {
  it('gives every entry once, with the path made of the directory and the name', async () => {
    const { master, client } = await pair();
    const paths: string[] = [];
    const options = { pageSize: 3, startAfter: '0', prefix: '', recursive: false };
    for await (const entry of client.list('/d', options)) paths.push(entry.path);
    expect(paths).toHaveLength(PAGES * 3);
    expect(paths.slice(0, 4)).toEqual(['/d/0-0', '/d/0-1', '/d/0-2', '/d/1-0']);
    expect(master.seen).toHaveLength(PAGES);
    expect(master.seen[0]?.body).toMatchObject({ startAfter: '0', pageSize: 3 });
    expect(master.seen[1]?.body).toMatchObject({ startAfter: null, pageSize: 3 });
  });

  it('asks for one page more than is consumed, and for none after that', async () => {
    const { master, client } = await pair();
    const entries = client.list('/d');
    await entries.next();
    await turns(20);
    expect(master.seen).toHaveLength(2);
    for (let taken = 1; taken < 4; taken++) await entries.next();
    await turns(20);
    expect(master.seen).toHaveLength(3);
    await entries.return();
  });

  it('cancels the page that nobody wants any more', async () => {
    const { master, client } = await pair();
    master.answer = (seen, port) => {
      if ((seen.body['cursor'] as Uint8Array).length === 0) end(port, page(seen));
    };
    for await (const entry of client.list('/d')) {
      expect(entry.name).toBe('0-0');
      break;
    }
    while (master.seen[1]?.aborted !== true) await turns(1);
  });

  it('goes on where it was after a restart of the master', async () => {
    const { master, client } = await pair();
    const names: string[] = [];
    for await (const entry of client.list('/d')) {
      names.push(entry.name);
      if (entry.name !== '1-1') continue;
      master.stop();
      await master.start();
    }
    expect(names).toHaveLength(PAGES * 3);
    expect(new Set(names).size).toBe(PAGES * 3);
  });

  it('fails where a page fails, and ends when it is aborted', async () => {
    const { client } = await pair();
    const stop = new AbortController();
    const names: string[] = [];
    const reading = (async () => {
      for await (const entry of client.list('/d', { signal: stop.signal })) {
        names.push(entry.name);
        if (entry.name === '2-0') stop.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(names.length).toBeLessThan(PAGES * 3);
  });
});
