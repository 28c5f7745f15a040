/**
 * The demo as a user runs it, over the built files: it ends with status 0 and its output says what
 * the
 * README promises. A step that finds something untrue throws, so the status says that it was so.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/src/demo/main.js', import.meta.url));
const TIMEOUT_MS = 240_000;

describe('npm run demo -- --exit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchard-demo-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it(
    'shows everything and ends well',
    async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--exit'], {
        env: { ...process.env, ORCHARD_DATA_DIR: directory },
      });
      expect(stdout).toMatch(/\/code: [\d,]+ files, [\d,]+ directories/);
      expect(stdout).toMatch(/\/s3: [\d,]+ files, [\d,]+ directories/);
      expect(stdout).toMatch(/renamed in [\d.]+ m?s: \/projects\/current has 10,000 files/);
      expect(stdout).toMatch(/deleted in [\d.]+ m?s/);
      expect(stdout).toMatch(/undeleted in [\d.]+ m?s: \/projects\/current has 10,000 files/);
      const crash = /([\d,]+) acknowledged, ([\d,]+) found, 0 lost/.exec(stdout);
      expect(crash?.[1]).toBeDefined();
      expect(crash?.[2]).toBe(crash?.[1]);
      expect(stdout).toMatch(/getStatus +[\d,]+ +[\d.]+ +[\d.]+/);
      expect(stdout).toMatch(/createFile, durable +[\d,]+ +[\d.]+ +[\d.]+/);
    },
    TIMEOUT_MS,
  );
});
