/**
 * What a bulk import keeps in tier 2 from its first commit to its last: its position, and what a
 * drop must remove.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Code, StatusError } from '../../base/status.js';
import { IDS_PER_ROW } from '../storage/id-index.js';
import type { Tier2 } from '../storage/tier2.js';
import type { EntrySource } from './entry-batch.js';
import type { ImportKernel } from './import-kernel.js';
import { childKeys, type ImportTarget, idPrefix } from './import-target.js';
import { dropRows } from './row-writer.js';
import { treeStateSchema } from './tree-builder.js';

/** Ids that directories of one import may take; ids of files follow. */
const DIRECTORY_IDS = 2 ** 30;

const stateSchema = z.object({
  target: z.string(),
  targetId: z.int(),
  identity: z.string(),
  nowMs: z.int(),
  startedMs: z.int(),
  inodesBefore: z.int(),
  directoryFirst: z.int(),
  fileFirst: z.int(),
  entries: z.int(),
  rejects: z.optional(z.unknown()),
  /** Names that tier 2 gets at the end, in the order of their numbers. */
  names: z.array(z.tuple([z.string(), z.int()])),
  /** Runs of the sort, and whether they are complete. */
  runs: z.array(z.string()),
  phase: z.enum(['build', 'sort', 'merge']),
  position: z.optional(z.unknown()),
  tree: z.optional(treeStateSchema),
});
export type State = z.output<typeof stateSchema>;

/** Drops an unfinished import; returns its path, undefined if there is none. */
export function dropImport(
  tier2: Tier2,
  kernel: ImportKernel,
  directory: string,
): string | undefined {
  const state = pendingState(tier2);
  if (state === undefined) return undefined;
  drop(tier2, kernel, state);
  rmSync(directory, { recursive: true, force: true });
  return state.target;
}

export const importDirectory = (dataDir: string): string => join(dataDir, 'import');

export function drop(tier2: Tier2, kernel: ImportKernel, state: State): void {
  dropRows(tier2, {
    keys: [
      childKeys(kernel, state.targetId),
      [idPrefix(kernel, state.directoryFirst), idPrefix(kernel, state.fileFirst)],
    ],
    idFirst: state.directoryFirst,
  });
}

export function pendingState(tier2: Tier2): State | undefined {
  const pending = tier2.pendingImport;
  return pending === undefined ? undefined : stateSchema.parse(pending);
}

export function freshState(tier2: Tier2, target: ImportTarget, source: EntrySource): State {
  tier2.releaseSnapshot();
  const { idNext } = tier2.state!;
  const directoryFirst = Math.ceil(idNext / IDS_PER_ROW) * IDS_PER_ROW;
  const startedMs = Date.now();
  return {
    target: target.path,
    targetId: target.record.id,
    identity: source.identity,
    // Whole seconds take less room, like the whole seconds of stores.
    nowMs: Math.floor(startedMs / 1000) * 1000,
    startedMs,
    inodesBefore: tier2.stats().inodes,
    directoryFirst,
    fileFirst: directoryFirst + DIRECTORY_IDS,
    entries: 0,
    rejects: { count: 0, byReason: {}, first: [] },
    names: [],
    runs: [],
    phase: 'build',
    position: undefined,
  };
}

export function refuseOther(state: State, path: string, identity: string): void {
  if (state.target === path && state.identity === identity) return;
  const what = state.target === path ? 'from another source' : `into "${state.target}"`;
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    `An import ${what} is not finished, or its manifest has changed since.`,
    {
      path,
      hint: 'Give the same command as then to go on, or drop it: orchard admin import --drop',
    },
  );
}
