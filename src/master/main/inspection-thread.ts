/** Thread entry: one inspection of the whole namespace, then it ends. */

import { parentPort, workerData } from 'node:worker_threads';
import { Code, StatusError } from '../../base/status.js';
import { toPlain } from '../../base/status-form.js';
import { CANCEL } from '../background/tasks.js';
import { writeBackup } from '../inspect/backup-writer.js';
import type { EntrySource } from '../inspect/capture.js';
import { checkFilter } from '../inspect/check-filter.js';
import { checkTier1 } from '../inspect/check-tier1.js';
import { digestSource, type InspectControl, verifySource } from '../inspect/inspect.js';
import type { JournalTail } from '../journal/journal.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { Tier2 } from '../storage/tier2.js';
import type { InspectionData, InspectionMessage } from './inspection-data.js';
import { openJournal } from './open-journal.js';

const PROGRESS_INTERVAL_MS = 250;

const data = workerData as InspectionData;
const words = new BigUint64Array(data.memory.buffer);
const cancel = new AbortController();

parentPort!.on('message', (message: unknown) => {
  if (message !== CANCEL) return;
  cancel.abort(new StatusError(Code.CANCELLED, `The ${data.request.kind} was cancelled.`));
});

const tier2 = new Tier2(data.meta, {
  mapBytes: data.mapBytes,
  gate: new OpeningGate(new SharedMemory(data.memory)),
});
try {
  tell({ report: await inspect() });
} catch (error) {
  if (!(error instanceof StatusError)) throw error;
  tell({ failure: toPlain(error) });
} finally {
  await tier2.close();
  parentPort!.close();
}

function inspect(): Promise<unknown> {
  const { dataDir, mapBytes, reserveBytes, request } = data;
  const source = { dataDir, mapBytes, reserveBytes, tier2, entries: liveEntries() };
  const control: InspectControl = { signal: cancel.signal, onProgress: limited() };
  if (request.kind === 'backup') {
    const target = { file: request.path, force: request.force, directory: data.backupDir };
    return writeBackup(source, data.origin, target, control);
  }
  if (request.kind === 'digest') return digestSource(source, control);
  const shared = new SharedMemory(data.memory);
  return verifySource(source, control, async (findings) => {
    await checkFilter(shared, tier2, findings, cancel.signal);
    return checkTier1(shared, tier2, findings, cancel.signal);
  });
}

/** The journal of the running master, up to what is durable now. See inspect/capture.ts. */
function liveEntries(): EntrySource {
  let tail: JournalTail | undefined;
  const follow: EntrySource['follow'] = (appliedSeq, onEntry) => {
    tail ??= openJournal(data.journal).tail(appliedSeq + 1);
    tail.follow(load(CONTROL.DURABLE_SEQ), onEntry);
    keep(tail.lastSeq + 1);
  };
  return {
    hold: () => keep(load(CONTROL.FLUSHED_SEQ) + 1),
    follow,
    finish: (appliedSeq, onEntry) => {
      follow(appliedSeq, onEntry);
      return tail!.lastSeq;
    },
    release: () => {
      tail?.close();
      keep(0);
    },
  };
}

function load(word: number): number {
  return Number(Atomics.load(words, (CONTROL_BASE + word) >> 3));
}

function keep(seq: number): void {
  Atomics.store(words, (CONTROL_BASE + CONTROL.JOURNAL_KEEP_SEQ) >> 3, BigInt(seq));
}

function limited(): InspectControl['onProgress'] {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    // The last one counts: it stays in the job's row.
    if (progress.done < progress.total && now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    tell({ progress });
  };
}

function tell(message: InspectionMessage): void {
  parentPort!.postMessage(message);
}
