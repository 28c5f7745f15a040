/** `load` of one path, or of one directory's children, without what is below them. */

import type { LoadContext } from './directory-load.js';
import { MetadataLoader } from './metadata-loader.js';
import type { WorkRequest } from './tasks.js';
import type { WorkControl } from './tree-load.js';

export function loadShallow(
  context: LoadContext,
  request: Extract<WorkRequest, { kind: 'load' }>,
  control: WorkControl,
): Promise<void> {
  const loader = new MetadataLoader(context, control.signal);
  return loader.load(request.path, request.descendants === 'one');
}
