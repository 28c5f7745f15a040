/**
 * The load generator of the peers, a process of its own as ours is. Takes jobs over the IPC channel
 * one after the other and answers each; ends with its parent.
 */
import type { PeerAnswer, PeerJob } from './peers/wire/peer-job.js';
import { PeerLoop } from './peers/wire/peer-loop.js';

const answer = (message: PeerAnswer): void => {
  process.send?.(message);
};

process.on('message', (job: PeerJob) => {
  new PeerLoop(job).run().then(
    (result) => answer({ result }),
    (error: unknown) => answer({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
