/**
 * Which stores may be mounted together, and what may be shown of a mount. As in Alluxio, no URI is
 * mounted twice, nor one below another, because one object would have two paths. Pure.
 */
import { Code, StatusError } from '../../base/status.js';
import { canonicalUfsUri } from '../../stores/registry.js';
import { redact } from '../../stores/shown-options.js';
import type { Mount } from './mount-table.js';
import { encodeMount, isUnder } from './mount-table.js';

/** A mount as users see it in the mount table. */
export type ShownMount = {
  readonly mountId: number;
  readonly path: string;
  readonly uri: string;
  /** Scheme of the store. */
  readonly type: string;
  /** Without secrets. */
  readonly options: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly shared: boolean;
};

export function shownMount(mount: Mount): ShownMount {
  const options = Object.entries(redact(mount.options)).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    mountId: mount.mountId,
    path: mount.path,
    uri: mount.uri,
    type: schemeOf(mount.uri),
    options: Object.fromEntries(options),
    readOnly: mount.readOnly,
    shared: mount.shared,
  };
}

/** Of one row in shared memory, besides the mount itself: its key and two lengths. */
const ROW_OVERHEAD_BYTES = 10;

/**
 * Refuses a table that does not fit `tableBytes`, the region that all threads read it from. Before
 * the journal: an entry that cannot be applied would stop the master at every start.
 */
export function refuseTooLarge(mounts: readonly Mount[], tableBytes: number): void {
  const bytes = mounts.reduce((sum, row) => sum + encodeMount(row).length + ROW_OVERHEAD_BYTES, 4);
  if (bytes <= tableBytes) return;
  throw new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `The mount table would take ${bytes} bytes; there is room for ${tableBytes}.`,
    { hint: 'Unmount what is not needed, or give shorter options.' },
  );
}

export function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(':'));
}

/** Throws INVALID_ARGUMENT if the canonical `uri` overlaps the store of another mount. */
export function refuseOverlap(
  mounts: readonly Mount[],
  uri: string,
  options: Readonly<Record<string, string>>,
): void {
  for (const mount of mounts) {
    // Buckets with the same name at two endpoints are two stores.
    if ((mount.options['endpoint'] ?? '') !== (options['endpoint'] ?? '')) continue;
    const other = canonicalUfsUri(mount.uri);
    const inner = isInside(uri, other) ? uri : isInside(other, uri) ? other : undefined;
    if (inner === undefined) continue;
    const outer = inner === uri ? other : uri;
    const overlaps = outer === inner ? '' : `Mount point ${outer} is a prefix of ${inner}: `;
    throw new StatusError(
      Code.INVALID_ARGUMENT,
      `${overlaps}${other} is mounted at "${mount.path}" already.`,
      { path: mount.path, hint: `Use "${mount.path}", or unmount it first.` },
    );
  }
}

/** By component: file:///ab is not inside file:///a. */
export function isInside(uri: string, ancestor: string): boolean {
  return isUnder(uri, ancestor.endsWith('/') ? ancestor.slice(0, -1) : ancestor);
}

/** The path of a store's URI in the namespace, by the deepest mount that holds it. */
export function namespacePath(mounts: readonly Mount[], given: string): string {
  const uri = canonicalUfsUri(given);
  let best: { mount: Mount; root: string } | undefined;
  for (const mount of mounts) {
    const root = canonicalUfsUri(mount.uri);
    if (!isInside(uri, root)) continue;
    if (best === undefined || root.length > best.root.length) best = { mount, root };
  }
  if (best === undefined) {
    throw new StatusError(Code.INVALID_ARGUMENT, `No mount leads to ${uri}.`, {
      hint: 'See `orchard mounts` for what is mounted.',
    });
  }
  const rest = uri.slice(best.root.length).replace(/^\//, '');
  if (rest === '') return best.mount.path;
  return best.mount.path === '/' ? `/${rest}` : `${best.mount.path}/${rest}`;
}
