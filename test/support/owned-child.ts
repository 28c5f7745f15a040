/** Processes that a test or a soak has started: none outlives it, however it ends by itself. */
import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Kills the child with this process. */
export function own(child: ChildProcess): void {
  running.add(child);
  child.once('close', () => running.delete(child));
}
