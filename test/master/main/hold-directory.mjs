/**
 * A master's hold on a data directory, in a process of its own, for data-directory.test.ts:
 *   node hold-directory.mjs <directory> <cluster name>
 * Prints one JSON line, what came of it, and then holds on until it is killed.
 */
import { openDataDirectory } from '../../../dist/src/master/main/data-directory.js';

const [path, clusterName] = process.argv.slice(2);
try {
  const { clusterId, isNew } = await openDataDirectory(path, { clusterName });
  process.stdout.write(`${JSON.stringify({ clusterId, isNew })}\n`);
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: error.codeName, message: error.message })}\n`);
}
