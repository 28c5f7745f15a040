/** Paths that are taken seldom are counted where they are taken; each here is taken on purpose. */
import { afterEach, expect, test } from 'vitest';
import { Park } from '../../../src/master/executor/park.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { type RarePath, rarePathCounts } from '../../../src/master/memory/rare-paths.js';
import { CreateFileT } from '../../../src/wire/generated/index.js';
import type { FixtureOptions } from '../../support/fixture.js';
import { OutcomeSink } from '../../support/outcome.js';
import { WireMaster } from '../../support/wire-master.js';
import { type Draft, Namespace } from '../ops/mutations/namespace.js';

let names: Namespace;
afterEach(() => names.close());

async function open(options: Partial<FixtureOptions> = {}): Promise<void> {
  names = new Namespace(options);
  // Gives root's names their numbers: calls shall wait for other things.
  await names.setAttribute('/', { owner: 'root', group: 'root' });
}
const count = (path: RarePath): number => rarePathCounts(names.fixture.shared)[path];

function submit({ executor, make }: Draft): OutcomeSink {
  const sink = new OutcomeSink();
  names.fixture.schedulers[executor]!.submit(make(sink));
  return sink;
}

test('a call that waits says for what', async () => {
  await open();
  await names.setAttribute('/', { owner: 'new-user' });
  expect(count('parkedForName')).toBeGreaterThan(0);
  const sinks = [0, 1].map((executor) => submit(names.calls.createFile('/f', { executor })));
  expect(count('parkedForLock')).toBe(1);
  await names.fixture.until(() => sinks.every((sink) => sink.settled));
  const call = names.calls.createFile('/g');
  let tries = 0;
  const sink = submit({
    ...call,
    make: (to) => {
      const made = call.make(to);
      const attempt = made.attempt.bind(made);
      const parks = [Park.flush(1), Park.turn, Park.work(Promise.resolve())];
      made.attempt = (executor) => {
        const park = parks[tries++];
        if (park !== undefined) throw park;
        return attempt(executor);
      };
      return made;
    },
  });
  await names.fixture.until(() => sink.settled);
  for (const path of ['parkedForFlush', 'parkedForTurn', 'parkedForStore'] as const) {
    expect(count(path), path).toBe(1);
  }
});

test('a ring that is full, and a batch', async () => {
  await open();
  const xattrs = new Map([['k', new Uint8Array(60_000)]]);
  const sinks = Array.from({ length: 40 }, (_, i) =>
    submit(names.calls.createFile(`/${i}`, { xattrs })),
  );
  expect(count('parkedForRing')).toBeGreaterThan(0);
  await names.fixture.until(() => sinks.every((sink) => sink.settled));
  // Their side records together are more than the ring to the flusher holds.
  expect(count('sideRingFull')).toBeGreaterThan(0);
});

test('a segment that is full', async () => {
  await open();
  const xattrs = new Map([['k', new Uint8Array(60_000)]]);
  for (let i = 0; i < 80; i++) await names.createFile(`/${i}`, { xattrs });
  expect(count('segmentSwitched')).toBeGreaterThan(0);
});

test('an answer that is given again', async () => {
  await open();
  const by = { as: { ...names.root, clientId: 7 }, callId: 3 };
  await names.createFile('/f', by);
  expect(count('answeredAgain')).toBe(0);
  await names.createFile('/f', by);
  expect(count('answeredAgain')).toBe(1);
});

test('a tier that is too small', async () => {
  await open({ tier1Bytes: 64 * 1024 });
  for (let i = 0; i < 500; i++) await names.mkdir(`/d${i}`);
  expect(count('applyHadNoRoom')).toBeGreaterThan(0);
  for (let i = 0; i < 150; i++) await names.createFile(`/d${i}/f`);
  expect(count('applyMissed')).toBeGreaterThan(0);
  expect(names.fixture.shared.fixed(CONTROL.CHECKED)).toBe(1);
});

test('a fast write of what is not in tier 1', async () => {
  await open();
  const master = new WireMaster();
  try {
    await master.ask('CreateFile', new CreateFileT('/a/b/c', true));
    await master.restart({ flushed: true });
    await master.ask('CreateFile', new CreateFileT('/a/b/d'));
    expect(rarePathCounts(master.fixture.shared).fastWriteFilled).toBeGreaterThan(0);
  } finally {
    await master.close();
  }
});
