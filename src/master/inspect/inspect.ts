/** An inspection, with or without a running master: makes the exact state, and checks it. */
import type { CaptureControl } from './capture.js';
import { type DigestReport, digestState } from './digest.js';
import { ExactState, type StateSource } from './exact-state.js';
import { type MemoryCheck, type VerifyReport, verifyState } from './verify.js';

export type InspectStep = {
  readonly done: number;
  readonly total: number;
  readonly bytes?: number;
  readonly path: string;
};

export type InspectControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (step: InspectStep) => void;
};

/** Copying, then looking: a row each time. */
const PASSES = 2;

export async function verifySource(
  source: StateSource,
  control: InspectControl,
  checkMemory: MemoryCheck = async () => 0,
): Promise<VerifyReport> {
  return withState(source, control, (state, onInodes) =>
    verifyState(state, { signal: control.signal, onInodes }, checkMemory),
  );
}

export async function digestSource(
  source: StateSource,
  control: InspectControl,
): Promise<DigestReport> {
  return withState(source, control, (state, onInodes) =>
    digestState(state, onInodes, control.signal),
  );
}

async function withState<T>(
  source: StateSource,
  { signal, onProgress }: InspectControl,
  look: (state: ExactState, onInodes: (count: number) => void) => Promise<T>,
): Promise<T> {
  let total = 0;
  // An inode is done when it has been copied and looked at: half of it after the first.
  const tell = (rows: number, path: string): void =>
    onProgress({ done: Math.min(total, Math.floor(rows / PASSES)), total, path });
  const copying: CaptureControl = {
    signal,
    onProgress: (rows, inodes) => {
      total = inodes;
      tell(Math.min(rows, inodes), 'copying');
    },
  };
  const state = await ExactState.make(source, copying);
  try {
    const found = await look(state, (inodes) => tell(total + inodes, 'checking'));
    tell(PASSES * total, 'done');
    return found;
  } finally {
    await state.dispose();
  }
}
