/**
 * From recorded rounds to the tables: ratios are taken within a round, new results of a peer
 * replace only its own older ones, and text written by hand in the document stays.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundBy, compare, type Side } from '../../../bench/peers/comparison.js';
import { writePeersSection } from '../../../bench/peers/peers-section.js';
import { readRecordedRows } from '../../../bench/peers/recorded-rows.js';
import { redis } from '../../../bench/peers/redis.js';
import type { PeerRow } from '../../../bench/peers/run-peers.js';

const base: PeerRow = {
  case: 'stat',
  peer: 'redis',
  durability: 'none',
  ours: 'none',
  connections: 50,
  depth: 1,
  round: 1,
  system: 'redis',
  operations: 100,
  opsPerSecond: 100,
  p50Ms: 1,
  p99Ms: 2,
  serverCpu: 0.5,
  clientCpu: 0.5,
  elsewhereCpu: 0,
  errors: 0,
};

/** A round each: what Orchard did, what the peer did. */
const rounds = (pairs: readonly (readonly [number, number])[], part: Partial<PeerRow> = {}) =>
  pairs.flatMap(([ours, theirs], i) => [
    { ...base, ...part, round: i + 1, system: 'orchard', opsPerSecond: ours },
    { ...base, ...part, round: i + 1, opsPerSecond: theirs },
  ]);

describe('compare', () => {
  it('takes the ratio within each round, so that drift of the machine cancels out', () => {
    const [one] = compare(
      rounds([
        [200, 100],
        [20, 10],
        [90, 30],
      ]),
    );
    expect(one?.ratio).toEqual({ min: 2, median: 2, max: 3 });
    expect(one?.ours.opsPerSecond).toBe(90);
    expect(one?.rounds).toBe(3);
    expect(one?.disturbed).toBe(0);
  });

  it('leaves out rounds in which somebody else was busy, where enough are left', () => {
    const [first, second] = [rounds([[2, 1]]), rounds([[2, 1]], { elsewhereCpu: 0.9 })];
    const both = [...first, ...second.map((row) => ({ ...row, round: 2 }))];
    expect(compare(both)[0]).toMatchObject({ rounds: 2, disturbed: 1 });
    const calm = rounds([
      [4, 1],
      [5, 1],
      [6, 1],
    ]).map((row) => ({ ...row, round: row.round + 2 }));
    const [left] = compare([...both, ...calm]);
    expect(left).toMatchObject({ rounds: 4, disturbed: 0, ratio: { min: 2, max: 6 } });
  });

  it('leaves out a round in which only one took its turn', () => {
    const interrupted = rounds([
      [2, 1],
      [9, 9],
    ])
      .slice(0, -1)
      .map((row) => ({ ...row, elsewhereCpu: 1 }));
    expect(compare(interrupted)[0]).toMatchObject({ rounds: 1, disturbed: 1, ratio: { max: 2 } });
  });

  it('keeps cases, tools and durabilities apart, and says when a tool has no percentiles', () => {
    const tool = rounds([[3, 1]], { tool: 'redis-benchmark', p50Ms: null });
    const compared = compare([...rounds([[2, 1]]), ...tool]);
    expect(compared.map(({ ratio }) => ratio.median)).toEqual([2, 3]);
    expect(compared[1]?.theirs.p50Ms).toBeNull();
  });
});

describe('boundBy', () => {
  const side = (serverCpu: number, clientCpu: number): Side => ({
    opsPerSecond: 1,
    p50Ms: 1,
    p99Ms: 1,
    serverCpu,
    clientCpu,
    errors: 0,
  });

  it('says who had no more to give', () => {
    expect(boundBy(side(1.5, 0.4), 2)).toBe('both cores');
    expect(boundBy(side(1, 0.5), 2)).toBe('server');
    expect(boundBy(side(0.6, 0.95), 2)).toBe('client');
    expect(boundBy(side(0.3, 0.1), 2)).toBe('waiting');
  });
});

describe('the section of docs/PERFORMANCE.md', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'peers-section-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function record(name: string, commit: string, rows: readonly PeerRow[]): void {
    const at = '2026-01-02T03:04:05.000Z';
    const run = { kind: 'run', bench: 'peers', at, commit, cores: 2, versions: { redis: '7' } };
    const lines = [run, ...rows.map((row) => ({ kind: 'row', ...row }))];
    writeFileSync(join(directory, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  }

  it('is made from the latest run of each case, between its marks', () => {
    record('peers-20260101.ndjson', 'old', [
      ...rounds([[1, 10]]),
      ...rounds([[70, 10]], { case: 'create' }),
    ]);
    record('peers-20260102.ndjson', 'new', rounds([[50, 10]]));
    mkdirSync(join(directory, 'docs'));
    const file = join(directory, 'docs', 'PERFORMANCE.md');
    const marks = /^<!-- peers.*-->$/gm;
    const empty = readFileSync(
      new URL('../../../docs/PERFORMANCE.md', import.meta.url),
      'utf8',
    ).match(marks);
    writeFileSync(file, `before\n${empty?.join('\nstale\n')}\nafter\n`);
    writePeersSection(file, [redis], readRecordedRows(directory));
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^before\n/);
    expect(text).toMatch(/\nafter\n$/);
    expect(text).not.toContain('stale');
    expect(text).toContain('| create | 50×1 | none | 70 | 10 | 7.00× (7.00×–7.00×) |');
    expect(text).toContain('| stat | 50×1 | – | 50 | 10 | 5.00× (5.00×–5.00×) |');
    expect(text).toContain('Nowhere in these runs.');
  });

  it('lists where Orchard is slower, the worst first', () => {
    record('peers-1.ndjson', 'c', [
      ...rounds([[5, 10]]),
      ...rounds([[1, 10]], { case: 'create', durability: 'group', ours: 'group' }),
    ]);
    const file = join(directory, 'PERFORMANCE.md');
    const mark = '<!-- peers: made by `npm run bench -- peers --report` -->';
    writeFileSync(file, `${mark}\n<!-- peers: end -->`);
    writePeersSection(file, [redis], readRecordedRows(directory));
    const slower = readFileSync(file, 'utf8').split('### Where Orchard')[1];
    expect(slower?.match(/\| Redis \w+/g)).toEqual(['| Redis create', '| Redis stat']);
    expect(slower).toContain('| Redis create | 50×1 | group | 1 / 10 | 0.10× |');
  });
});
