/**
 * Keeps the capacity bench from rotting: every step at a tiny size, with the figures for its table.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const TIMEOUT_MS = 120_000;

const STEPS = 'import,reads,mix,restart,backup,hot';
const ARGS = ['--files', '20k', '--steps', STEPS, '--backlog', '1k', '--base-files', '10k'];
const QUICKLY = ['--rounds', '1', '--seconds', '0.3', '--warm-seconds', '0.05', '--tier1', '16MiB'];

test(
  'imports a tree, reads it, changes it, and restarts over it',
  async () => {
    const all = [MAIN, 'capacity', ...ARGS, ...QUICKLY, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, all);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number | string>);
    const cases = rows.map((row) => row['case']).filter((name) => name !== 'memory');
    const hot = ['getStatus', 'getStatus', 'listStatus', 'listStatus'];
    const reads = ['getStatus', 'getStatus', 'listStatus'];
    expect(cases).toEqual(['import', ...reads, 'mix A', 'restart', 'backup', ...hot]);
    const turns = rows.filter((row) => row['drawn'] === 'hot');
    expect(turns.map((row) => row['files'])).toEqual([10_000, 20_000, 10_000, 20_000]);
    for (const row of rows) {
      expect(row['errors'] ?? 0, JSON.stringify(row)).toBe(0);
      expect(row['bench']).toBe('capacity');
      expect(row['value'], JSON.stringify(row)).toBeGreaterThan(0);
      expect(row['unit'], JSON.stringify(row)).toMatch(/^(ops\/s|s|bytes|ms)$/);
    }
    const of = (name: string) => rows.find((row) => row['case'] === name)!;
    expect(of('import')).toMatchObject({ files: 20_000, directories: 201 });
    expect(of('import')['bytesPerInode']).toBeLessThan(120);
    expect(of('restart')['seconds']).toBeGreaterThan(0);
    expect(of('memory')['anonymousBytes']).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
