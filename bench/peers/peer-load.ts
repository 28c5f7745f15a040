/**
 * The bench's side of the process that loads a peer: starts it, hands it one job at a time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PeerAnswer, PeerJob, PeerResult } from './wire/peer-job.js';

const ENTRY = fileURLToPath(new URL('../peer-load-process.js', import.meta.url));

export class PeerLoad {
  readonly #child: ChildProcess = fork(ENTRY, [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });

  run(job: PeerJob): Promise<PeerResult> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => {
        reject(new Error(`the load process ended with ${code}`));
      };
      child.once('exit', onExit);
      child.once('message', (answer: PeerAnswer) => {
        child.off('exit', onExit);
        if ('result' in answer) resolve(answer.result);
        else reject(new Error(answer.failure));
      });
      child.send(job);
    });
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
