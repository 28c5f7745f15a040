/**
 * A peer's own load generator, run to its end, with the CPU of it and of the server sampled all the
 * while: what it measured lies somewhere between its start and its end, and only it knows where.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuSecondsOfTree } from './process-tree.js';

export type ToolCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly serverPid: number;
  /** Called with all that was printed whenever something was. */
  readonly onOutput?: (text: string) => void;
};

type Sample = { readonly atMs: number; readonly serverCpu: number; readonly clientCpu: number };
type Cpu = { readonly serverCpu: number; readonly clientCpu: number };

export type ToolRun = {
  readonly output: string;
  readonly beginMs: number;
  readonly endMs: number;
  /** Cores used between two times of Date.now(). */
  cpuBetween(beginMs: number, endMs: number): Cpu;
};

const SAMPLE_MS = 100;
const OUTPUT_SHOWN_BYTES = 2000;

export async function runTool(command: ToolCommand): Promise<ToolRun> {
  const child = spawn(command.program, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: command.env ?? process.env,
    ...(command.cwd !== undefined && { cwd: command.cwd }),
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      command.onOutput?.(output);
    });
  }
  const samples: Sample[] = [];
  const sample = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    samples.push({
      atMs: Date.now(),
      serverCpu: cpuSecondsOfTree(command.serverPid),
      clientCpu: cpuSecondsOfTree(child.pid),
    });
  };
  sample();
  const ticker = setInterval(sample, SAMPLE_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      const shown = output.slice(-OUTPUT_SHOWN_BYTES).trim();
      throw new Error(`${command.program} ended with ${code}: ${shown}`);
    }
  } finally {
    clearInterval(ticker);
    process.off('exit', kill);
  }
  return {
    output,
    beginMs: samples[0]?.atMs ?? 0,
    endMs: samples.at(-1)?.atMs ?? 0,
    cpuBetween: (beginMs, endMs) => cpuOf(samples, beginMs, endMs),
  };
}

function cpuOf(samples: readonly Sample[], beginMs: number, endMs: number): Cpu {
  const within = samples.filter(
    ({ atMs }) => atMs >= beginMs - SAMPLE_MS && atMs <= endMs + SAMPLE_MS,
  );
  const first = within[0];
  const last = within.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) {
    return { serverCpu: 0, clientCpu: 0 };
  }
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    serverCpu: (last.serverCpu - first.serverCpu) / seconds,
    clientCpu: (last.clientCpu - first.clientCpu) / seconds,
  };
}
