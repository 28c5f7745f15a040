/**
 * Every request that changes the namespace, once, in an order in which each succeeds; and then what
 * others may do to the same names. Each repeat must get its first answer.
 */
import { mountCall, unmountCall, updateMountCall } from '../../src/client/admin-calls.js';
import type { CallSpec } from '../../src/client/call-spec.js';
import type { OrchardClient } from '../../src/client/index.js';
import * as calls from '../../src/client/namespace-calls.js';
import { setAttributeCall } from '../../src/client/work-calls.js';

export type Mutation = { readonly name: string; readonly spec: CallSpec<unknown> };

/** `storeUri`: an empty store to mount. All paths are below `root`, which exists. */
export function everyMutation(root: string, storeUri: string): readonly Mutation[] {
  const at = (name: string): string => `${root}/${name}`;
  const row = (name: string, spec: CallSpec<unknown>): Mutation => ({ name, spec });
  const deep = at('deep/er/est');
  return [
    row('CreateDirectory', calls.createDirectoryCall(at('d'), {})),
    row('CreateDirectory, recursive', calls.createDirectoryCall(at('e/f/g'), { recursive: true })),
    row('CreateFile', calls.createFileCall({ path: at('d/file') })),
    row('CreateFile, recursive', calls.createFileCall({ path: deep, recursive: true })),
    row('CreateFile, overwrite', calls.createFileCall({ path: deep, overwrite: true })),
    row(
      'BatchCreate',
      calls.batchCreateCall([{ path: at('b1') }, { path: at('b2') }, { path: at('none/b3') }]),
    ),
    row('CompleteFile', calls.completeFileCall(at('d/file'), { length: 77 })),
    row('SetAttribute', setAttributeCall(at('b1'), { mode: 0o600 })),
    row(
      'SetAttribute, xattrs',
      setAttributeCall(at('b1'), { xattrs: { k: 'v' }, xattrUpdate: 'unionReplace' }),
    ),
    row('Rename', calls.renameCall(at('b1'), at('c1'), { overwrite: false })),
    row('Rename, overwrite', calls.renameCall(at('c1'), at('b2'), { overwrite: true })),
    row('Rename of a directory', calls.renameCall(at('d'), at('d2'), { overwrite: false })),
    row('Delete', calls.deleteCall(at('b2'), {})),
    row('Delete, recursive', calls.deleteCall(at('e'), { recursive: true })),
    row('Undelete', calls.undeleteCall(at('e'))),
    row('Mount', mountCall(at('m'), storeUri, {})),
    row('UpdateMount', updateMountCall(at('m'), { readOnly: true })),
    row('Unmount', unmountCall(at('m'))),
  ];
}

/** Others take the names, and change what was made. */
export async function disturb(client: OrchardClient, root: string): Promise<void> {
  const at = (name: string): string => `${root}/${name}`;
  for (const name of ['d', 'b1', 'c1', 'b2', 'm']) await client.createDirectory(at(name));
  await client.rename(at('d2'), at('d3'));
  await client.createFile(at('d2'));
  await client.delete(at('deep'), { recursive: true, skipTrash: true });
  await client.createFile(at('deep/er/est'), { recursive: true });
  await client.delete(at('e'), { recursive: true });
  await client.createFile(at('e'));
  await client.setAttribute(at('b1'), { mode: 0o711 });
}
