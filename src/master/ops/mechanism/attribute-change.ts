/**
 * The changes of setAttribute, and how they change one record. Shared by the operation on one inode
 * and by the background job for a subtree. Pure except for interning.
 */

import { assert } from '../../../base/assert.js';
import { type ModeChange, parseMode } from '../../../base/mode.js';
import type { Executor } from '../../executor/executor.js';
import { MODE } from '../../memory/kernel-constants.js';
import * as R from '../../memory/record.js';
import type { RecordFields } from '../../memory/record-fields.js';
import type { XAttrs, XAttrUpdate } from '../../memory/xattrs.js';
import { invalid } from './failures.js';

/** An undefined field stays unchanged. */
export type AttributeChange = {
  readonly mode?: number;
  /** As chmod: `u+rw,go=u`. Instead of mode. */
  readonly modeChange?: string;
  readonly owner?: string;
  readonly group?: string;
  /** Milliseconds after creation, -1 = none. */
  readonly ttlMs?: number;
  /** FLAG_TTL_* bits. */
  readonly ttlFlags?: number;
  readonly pinned?: boolean;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
  readonly mtimeMs?: number;
  readonly xattrs?: XAttrs;
  readonly xattrUpdate?: XAttrUpdate;
};

const TTL_FLAGS = R.FLAG_TTL_FREE | R.FLAG_TTL_DELETE_ALLUXIO;

export const changesMode = ({ mode, modeChange }: AttributeChange): boolean =>
  mode !== undefined || modeChange !== undefined;

/** True if readers below a directory must not see half of the change. */
export const changesPermission = (change: AttributeChange): boolean =>
  changesMode(change) || change.owner !== undefined || change.group !== undefined;

/** True if a change needs WRITE on the inode instead of its ownership. */
export const changesOther = (change: AttributeChange): boolean =>
  change.ttlMs !== undefined ||
  change.ttlFlags !== undefined ||
  change.pinned !== undefined ||
  change.replicationMin !== undefined ||
  change.replicationMax !== undefined ||
  change.mtimeMs !== undefined ||
  change.xattrs !== undefined;

export function checkChange(path: string, change: AttributeChange, fields: RecordFields): void {
  const { mode, ttlMs } = change;
  if (mode !== undefined && (mode < 0 || mode > MODE.MAX)) {
    throw invalid(path, `Invalid mode ${mode}`, 'Give permission bits, 0 to 07777.');
  }
  if (change.modeChange !== undefined) {
    const isMode = mode === undefined && symbolicMode(change.modeChange) !== undefined;
    const hint = 'Give either a mode or a change such as u+rw,go-w.';
    if (!isMode) throw invalid(path, `Invalid change of mode "${change.modeChange}".`, hint);
  }
  checkTtl(path, ttlMs ?? -1);
  if (change.owner === '' || change.group === '') {
    throw invalid(path, 'Invalid owner or group ""', 'Give a name.');
  }
  const min = change.replicationMin ?? fields.replicationMin;
  const max = change.replicationMax ?? fields.replicationMax;
  checkReplication(path, min, max);
}

export function checkTtl(path: string, ttlMs: number): void {
  if (ttlMs >= -1) return;
  throw invalid(path, `Invalid ttl ${ttlMs}`, 'Give milliseconds, or -1 for none.');
}

export function checkReplication(path: string, min: number, max: number): void {
  if (min < 0 || max < -1 || (max >= 0 && min > max)) {
    const reason = `Cannot set replication min ${min} and max ${max}`;
    throw invalid(path, reason, 'Give 0 <= min <= max, or max -1 for no upper bound.');
  }
}

type SymbolicMode = Extract<ModeChange, { kind: 'symbolic' }>;

/** The parsed form of the last text: all inodes of a subtree get the same one. */
let parsed: { readonly text: string; readonly mode: SymbolicMode | undefined } | undefined;

function symbolicMode(text: string): SymbolicMode | undefined {
  if (parsed?.text !== text) {
    const mode = parseMode(text);
    parsed = { text, mode: mode?.kind === 'symbolic' ? mode : undefined };
  }
  return parsed.mode;
}

function modeAfter({ mode, modeChange }: AttributeChange, fields: RecordFields): number {
  if (modeChange === undefined) return mode ?? fields.mode;
  const symbolic = symbolicMode(modeChange);
  assert(symbolic !== undefined, 'a change of mode is checked before it is made');
  return symbolic.apply(fields.mode, fields.type === R.INODE_TYPE_DIRECTORY);
}

/** The record after the change, but for xattrs (a side record). Parks for names without number. */
export function changeFields(
  executor: Executor,
  fields: RecordFields,
  change: AttributeChange,
): RecordFields {
  let { flags } = fields;
  if (change.pinned !== undefined) {
    flags = change.pinned ? flags | R.FLAG_PINNED : flags & ~R.FLAG_PINNED;
  }
  if (change.ttlFlags !== undefined) flags = (flags & ~TTL_FLAGS) | change.ttlFlags;
  return {
    ...fields,
    flags,
    mode: modeAfter(change, fields),
    owner: change.owner === undefined ? fields.owner : executor.intern(change.owner),
    group: change.group === undefined ? fields.group : executor.intern(change.group),
    ttlMs: change.ttlMs ?? fields.ttlMs,
    replicationMin: change.replicationMin ?? fields.replicationMin,
    replicationMax: change.replicationMax ?? fields.replicationMax,
    mtimeMs: change.mtimeMs ?? fields.mtimeMs,
  };
}
