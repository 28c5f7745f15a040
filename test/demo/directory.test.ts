/**
 * The demo empties only what a demo has left behind.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDirectory } from '../../src/demo/directory.js';

describe('prepareDirectory', () => {
  let parent = '';

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'orchard-demo-test-'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true, force: true });
  });

  it('makes a directory of its own', () => {
    const { dataDir, s3Dir, logFile } = prepareDirectory(join(parent, 'new'));
    expect(existsSync(s3Dir)).toBe(true);
    expect(existsSync(dataDir)).toBe(false);
    expect(logFile.startsWith(join(parent, 'new'))).toBe(true);
  });

  it('empties what an earlier demo has left', () => {
    const { s3Dir } = prepareDirectory(join(parent, 'again'));
    writeFileSync(join(s3Dir, 'old'), 'old');
    prepareDirectory(join(parent, 'again'));
    expect(readdirSync(s3Dir)).toEqual([]);
  });

  it('refuses a directory that holds something else, and leaves it alone', () => {
    writeFileSync(join(parent, 'thesis.txt'), 'all my work');
    expect(() => prepareDirectory(parent)).toThrow(/holds something else/);
    expect(readdirSync(parent)).toEqual(['thesis.txt']);
  });
});
