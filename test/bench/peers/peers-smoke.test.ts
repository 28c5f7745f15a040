/**
 * `bench peers --smoke` over real servers, if Redis is installed; nothing is downloaded. A missing
 * peer is skipped with a sentence that says how to get it.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redis } from '../../../bench/peers/redis.js';

const MAIN = fileURLToPath(new URL('../../../dist/bench/main.js', import.meta.url));
const NOWHERE = '/nonexistent/peers';
const TIMEOUT_MS = 120_000;

type Line = Record<string, number | string | boolean>;

const bench = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  promisify(execFile)(process.execPath, [MAIN, 'peers', ...args], { env });

describe('bench peers', () => {
  it.skipIf(redis.missing() !== undefined)(
    'takes turns with Redis without an error',
    async () => {
      const some = ['--only', 'redis', '--durable', 'none', '--cases', 'create,stat'];
      const args = ['--smoke', '--json', ...some];
      const { stdout } = await bench(args);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) {
        expect(line).toMatchObject({ bench: 'peers', unit: 'ops/s', peer: 'redis', errors: 0 });
        for (const figure of ['value', 'peerValue', 'ratio']) {
          expect(line[figure], figure).toBeGreaterThan(0);
        }
      }
    },
    TIMEOUT_MS,
  );

  it('skips what is not here, and says how to get it', async () => {
    const env = { ...process.env, ORCHARD_PEERS_DIR: NOWHERE, PATH: NOWHERE };
    const { stderr } = await bench(['--smoke', '--only', 'hdfs,etcd'], env);
    expect(stderr).toContain('HDFS NameNode is skipped: java is not here');
    expect(stderr).toContain('etcd is skipped: etcd is not here: npm run bench -- peers --install');
  });
});
