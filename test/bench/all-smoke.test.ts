/**
 * Keeps the benches from rotting: each run of the tests runs each bench at a tiny size over a real
 * master, records the results, and makes docs/PERFORMANCE.md from them. The figures mean nothing
 * here.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/PERFORMANCE.md', import.meta.url));
const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const TIMEOUT_MS = 240_000;

const directory = mkdtempSync(join(tmpdir(), 'orchard-bench-smoke-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Line = { readonly kind: string; readonly bench: string; readonly errors: number };

/** Little memory to touch at each start of a master. */
const env = { ...process.env, ORCHARD_TIER1_BYTES: '64MiB' };
const run = (...words: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...words], { env });

/** `quick` has a test of its own. */
const benches = ['echo', 'stress', 'mix', 'shared', 'phases', 'connections', 'http'];

describe('bench all --smoke', () => {
  it(
    'runs every bench without a wrong reply, and records it',
    async () => {
      const only = ['--only', benches.join(',')];
      await run('all', '--smoke', ...only, '--record', directory);
      const recorded = new Map<string, Line[]>();
      for (const name of readdirSync(directory)) {
        const lines = readFileSync(join(directory, name), 'utf8').trim().split('\n');
        const [head, ...rows] = lines.map((line) => JSON.parse(line) as Line);
        expect(head).toMatchObject({ kind: 'run', seed: 1 });
        recorded.set(head!.bench, [...(recorded.get(head!.bench) ?? []), ...rows]);
      }
      expect([...recorded.keys()].sort()).toEqual([...benches].sort());
      for (const [bench, rows] of recorded) {
        expect(rows.length, bench).toBeGreaterThan(0);
        for (const row of rows) expect(row.errors ?? 0, JSON.stringify(row)).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it('makes the document and its plots from what was recorded, the same again', async () => {
    copyFileSync(DOCUMENT, join(directory, 'PERFORMANCE.md'));
    const made = ['generator', 'stress', 'mixes', 'phases', 'connections'];
    const readme = join(directory, 'README.md');
    copyFileSync(README, readme);
    const report = ['report', '--results', directory, '--docs', directory, '--readme', readme];
    const { stdout } = await run(...report);
    for (const name of made) expect(stdout).toContain(name);
    const text = readFileSync(join(directory, 'PERFORMANCE.md'), 'utf8');
    expect(text).toContain('| GetFileStatus | – | 4 × 4 |');
    const plots = readdirSync(join(directory, 'performance')).sort();
    const drawn = ['connections', 'deep-paths', 'mixes', 'reads', 'writes'];
    expect(plots).toEqual(drawn.map((name) => `${name}.svg`));
    const svgs = plots.map((name) => readFileSync(join(directory, 'performance', name), 'utf8'));
    for (const svg of svgs) expect(svg).toMatch(/^<svg /);
    await run(...report);
    expect(readFileSync(join(directory, 'PERFORMANCE.md'), 'utf8')).toBe(text);
    expect(plots.map((name) => readFileSync(join(directory, 'performance', name), 'utf8'))).toEqual(
      svgs,
    );
  });
});
