/**
 * The parts of a FileInfo that are given on request: the path, the place of the data in the store,
 * and the extended attributes, which are in a side record of tier 2.
 */

import type { Executor } from '../../executor/executor.js';
import { SIDE_XATTR } from '../../memory/entry-format.js';
import { FLAG_HAS_XATTR } from '../../memory/record.js';
import { decodeXAttrs, idKey, type XAttrs } from '../../memory/xattrs.js';
import type { PathWalk } from '../../path/path-walk.js';
import { sideKey } from '../../storage/tier2.js';
import type { FlushBarrier } from './flush-barrier.js';
import { originOf } from './origins.js';
import type { Attributes } from './read.js';

const nothing: XAttrs = new Map();

/** Of the last node of a found walk. Parks until tier 2 has its xattrs. */
export function attributesOf(
  executor: Executor,
  walk: PathWalk,
  barrier: FlushBarrier,
): Attributes {
  const path = walk.text();
  const xattrs = xattrsOf(executor, walk, barrier);
  const extended = xattrs.size === 0 ? {} : { xattrs };
  const mount = executor.mounts.byId(walk.mountId(walk.depth));
  if (mount === undefined) return { path, ...extended };
  const origin = originOf(executor, walk);
  const ufsPath = below(mount.uri, origin.path);
  return { path, ufsPath, mountUri: mount.uri, ...extended };
}

function below(uri: string, path: string): string {
  if (path === '') return uri;
  return uri.endsWith('/') ? `${uri}${path}` : `${uri}/${path}`;
}

export function xattrsOf(executor: Executor, walk: PathWalk, barrier: FlushBarrier): XAttrs {
  if ((walk.flags(walk.depth) & FLAG_HAS_XATTR) === 0) return nothing;
  const id = walk.id(walk.depth);
  barrier.pass(executor, id);
  const row = executor.reader.tier2.side.get(sideKey(SIDE_XATTR, idKey(id)));
  // None: they were removed after the walk.
  return row === undefined ? nothing : decodeXAttrs(row);
}
