/**
 * The first entries of a new namespace: the names of the superuser and the supergroup, the root
 * directory, and the mount of the root.
 */

import type { EntryWriter } from '../journal/entry.js';
import { PUT_NEW, SIDE_MOUNT, SIDE_STRING } from '../memory/entry-format.js';
import { Op } from '../memory/op-codes.js';
import * as R from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { encodeMount, mountKey, ROOT_MOUNT_ID } from '../mount/mount-table.js';
import type { Config } from '../settings/config.js';

const ROOT_MODE = 0o755;
/** The numbers of these names, because they come first. */
const SUPERUSER_ID = 1;
const SUPERGROUP_ID = 2;

/** Builds the one entry at `offset` of the writer's window; it is not finished yet. */
export function writeBootstrap(entry: EntryWriter, offset: number, config: Config): void {
  const encoder = new TextEncoder();
  const none = new Uint8Array(0);
  const now = Date.now();
  entry.begin(offset, now, 0, 0, Op.BOOTSTRAP);
  entry.side(SIDE_STRING, encoder.encode(config.superuser), none);
  entry.side(SIDE_STRING, encoder.encode(config.supergroup), none);
  const root: RecordFields = {
    seq: 0,
    parentId: 0,
    id: R.ROOT_ID,
    length: 0,
    mtimeMs: now,
    ctimeMs: now,
    ttlMs: -1,
    blockSize: 0,
    mode: ROOT_MODE,
    type: R.INODE_TYPE_DIRECTORY,
    flags: R.FLAG_COMPLETED | R.FLAG_PERSISTED | R.FLAG_MOUNT_POINT,
    owner: SUPERUSER_ID,
    group: SUPERGROUP_ID,
    mountId: ROOT_MOUNT_ID,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: 0,
    name: none,
  };
  entry.putFields(root, PUT_NEW);
  const mount = encodeMount({
    mountId: ROOT_MOUNT_ID,
    path: '/',
    uri: config.rootUfs,
    inodeId: R.ROOT_ID,
    readOnly: false,
    shared: false,
    options: config.rootUfsOptions,
  });
  entry.side(SIDE_MOUNT, mountKey(ROOT_MOUNT_ID), mount);
}
