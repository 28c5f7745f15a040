/** `load` of one path, or of one directory's children, without what is below them. */

import type { LoadContext } from './directory-load.js';
import type { LoadReport } from './load-report.js';
import { MetadataLoader } from './metadata-loader.js';
import { StorePatience } from './store-patience.js';
import type { WorkRequest } from './tasks.js';
import type { WorkControl } from './tree-load.js';

export async function loadShallow(
  context: LoadContext,
  request: Extract<WorkRequest, { kind: 'load' }>,
  control: WorkControl,
): Promise<LoadReport> {
  const patient = { ...context, patience: new StorePatience() };
  const loader = new MetadataLoader(patient, control.signal);
  return loader.loadCounted(request.path, request.descendants === 'one', true);
}
