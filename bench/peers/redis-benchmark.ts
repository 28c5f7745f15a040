/**
 * Redis's own load generator, for a figure that does not depend on ours.
 */
import { libraryEnvironment, programPath } from './packages.js';
import type { PeerSizes, Step } from './system.js';
import { runTool } from './tool-run.js';
import { VALUE_BYTES } from './wire/dialect.js';
import type { Figures, PeerTarget } from './wire/peer-job.js';

const TOOL = 'redis-benchmark';
const KEYS = 100_000;
const CALLS_A_CONNECTION_AND_DEPTH = 1;

/** Columns of `--csv`. */
const RATE = 1;
const P50 = 4;
const P99 = 6;

export async function runRedisBenchmark(
  target: PeerTarget,
  { verb, connections, depth }: Step,
  sizes: PeerSizes,
): Promise<Figures> {
  const calls = sizes.toolOperations * Math.ceil(depth / 8) * CALLS_A_CONNECTION_AND_DEPTH;
  const tool = await runTool({
    program: programPath(TOOL) ?? TOOL,
    args: [
      ...['-h', target.host, '-p', String(target.port), '-c', String(connections)],
      ...['-P', String(depth), '-n', String(calls), '-r', String(KEYS), '-d', String(VALUE_BYTES)],
      ...['-t', verb === 'create' ? 'set' : 'get', '--csv'],
    ],
    env: libraryEnvironment(),
    serverPid: target.pid,
  });
  const line = tool.output.trim().split('\n').at(-1) ?? '';
  const cells = line.split(',').map((cell) => Number(cell.replaceAll('"', '')));
  const rate = cells[RATE] ?? Number.NaN;
  if (!(rate > 0)) throw new Error(`${TOOL} gave no figure: ${tool.output.trim()}`);
  return {
    operations: calls,
    elapsedMs: (calls / rate) * 1000,
    p50Ms: cells[P50] ?? null,
    p99Ms: cells[P99] ?? null,
    ...tool.cpuBetween(tool.beginMs, tool.endMs),
    errors: 0,
  };
}
