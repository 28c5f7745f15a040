/** Thread entry: recovers the namespace from tier 2 and the journal, then runs the writer. */
import { parentPort, workerData } from 'node:worker_threads';
import { opened } from '../../process/opened.js';
import { Epochs } from '../commit/epochs.js';
import { Writer } from '../commit/writer.js';
import { EntryWriter } from '../journal/entry.js';
import type { JournalAppender, Recovery } from '../journal/journal.js';
import { instantiate } from '../memory/kernel.js';
import { CONTROL, CONTROL_BASE, EXECUTOR, REPLY_BYTES } from '../memory/layout.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { ID_FIRST_FREE } from '../memory/record.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import { Tier2 } from '../storage/tier2.js';
import { Applier } from '../tier/applier.js';
import { loadRetryWindow } from '../tier/retry-window.js';
import { SharedTables } from '../tier/shared-tables.js';
import { loadInodeCounts } from '../tier/stored-inode-counts.js';
import { writeBootstrap } from './bootstrap.js';
import { openJournal } from './open-journal.js';
import type { ThreadData } from './thread-data.js';

/** Sent to main when the namespace is ready. */
export type WriterReady = { readonly kind: 'ready'; readonly recovery: Recovery };

const data = workerData as ThreadData;
await opened();
const shared = new SharedMemory(data.memory);
const kernel = instantiate(data.memory, data.executor);
const tier2 = new Tier2(data.meta, {
  mapBytes: data.config.tier2MapBytes,
  gate: new OpeningGate(shared),
});
const tables = new SharedTables(shared);
const epochs = new Epochs(shared, kernel);
const applier = new Applier({
  shared,
  kernel,
  tier2,
  executor: data.executor,
  tables,
  makeRoom: () => epochs.makeRoom(),
});

const journal = recover();
const writer = new Writer({
  shared,
  kernel,
  journal,
  applier,
  epochs,
  executorCount: shared.fixed(CONTROL.EXECUTOR_COUNT),
  executor: data.executor,
  journalBytesMax: data.config.journalBytesMax,
});
if (epochs.appliedSeq === 0) bootstrap();
const ready: WriterReady = { kind: 'ready', recovery: journal.recovery };
parentPort!.postMessage(ready);
// Pages that recovery read must not stay pinned while this thread blocks.
tier2.releaseSnapshot();
writer.run();
// Everything goes to tier 2, so that the next start has nothing to replay.
if (shared.load(CONTROL.STATE) === State.STOPPED) epochs.flushAll();
journal.close();
await tier2.close();

function recover(): JournalAppender {
  const state = tier2.state;
  const appliedSeq = state?.appliedSeq ?? 0;
  kernel.max64(CONTROL_BASE + CONTROL.ID_NEXT, state?.idNext ?? ID_FIRST_FREE);
  kernel.store64(CONTROL_BASE + CONTROL.FLUSHED_SEQ, appliedSeq);
  epochs.appliedSeq = appliedSeq;
  tables.load(tier2);
  loadRetryWindow(kernel, tier2);
  loadInodeCounts(shared, kernel, tier2, shared.executorBase(data.executor));
  // Entries are read directly into shared memory, where the kernels check and apply them.
  const buffer = shared.executorBase(data.executor) + EXECUTOR.REPLY;
  let touched = { from: 0, to: 0 };
  const recovered = openJournal(data.journal).recover({
    fromSeq: appliedSeq + 1,
    buffer: shared.u8.subarray(buffer, buffer + REPLY_BYTES),
    crc: (_bytes, offset, length) => kernel.crc32c(buffer + offset, length, 0),
    onEntry: (_bytes, offset, _length, seq) => {
      const at = buffer + offset;
      if (at < touched.from || at >= touched.to) {
        touched = { from: at, to: kernel.touchAhead(at, buffer + REPLY_BYTES) };
      }
      applier.apply(at);
      epochs.appliedSeq = seq;
      epochs.closeIfWanted();
    },
  });
  kernel.store64(CONTROL_BASE + CONTROL.APPLIED_SEQ, epochs.appliedSeq);
  kernel.store64(CONTROL_BASE + CONTROL.DURABLE_SEQ, epochs.appliedSeq);
  return recovered;
}

function bootstrap(): void {
  const at = shared.executorBase(data.executor) + EXECUTOR.REQUEST;
  const entry = new EntryWriter(shared.u8);
  writeBootstrap(entry, at, data.config);
  entry.finish();
  writer.commitOwn(at);
}
