/**
 * Thread entry: writes the rows of a bulk import to tier 2, so that rows are built while the disk
 * works.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Commit, type Finish, RowWriter } from '../bulk-import/row-writer.js';
import { Tier2 } from '../storage/tier2.js';

export type ImportThreadData = {
  readonly meta: string;
  readonly mapBytes: number;
};

export type ImportMessage =
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'finish'; readonly finish: Finish }
  | { readonly kind: 'close' };

const { meta, mapBytes } = workerData as ImportThreadData;
const tier2 = new Tier2(meta, { mapBytes });
const writer = new RowWriter(tier2);

parentPort!.on('message', async (message: ImportMessage) => {
  if (message.kind === 'commit') writer.commit(message.commit);
  else if (message.kind === 'finish') writer.finish(message.finish);
  else await tier2.close();
  parentPort!.postMessage('done');
  if (message.kind === 'close') parentPort!.close();
});
