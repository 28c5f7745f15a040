import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, first: else a worker is left alone with it at the end. Without a cache, as
 * on a clean clone, vitest begins with the largest files, and these are small.
 */
const SLOWEST = [
  'test/model/sequences.test.ts',
  'test/proof/crash.test.ts',
  'test/bench/all-smoke.test.ts',
  'test/soak/soak.test.ts',
  'test/demo/demo.test.ts',
  'test/proof/linearizability.test.ts',
  'test/bench/capacity-smoke.test.ts',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

for (const path of SLOWEST) if (!existsSync(path)) throw new Error(`no such test: ${path}`);

const rank = ({ moduleId }: TestSpecification): number => {
  const index = SLOWEST.indexOf(moduleId);
  return index === -1 ? SLOWEST.length : index;
};

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Two processes run all files: what they import is loaded twice, not once a file.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: SlowestFirst },
  },
});
