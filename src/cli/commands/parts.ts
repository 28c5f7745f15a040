/** Work over many paths that failed in part: prints the first failures, then how many in all. */
import { OrchardError, type WorkOutcome } from '../../client/errors.js';
import type { Shell } from '../shell.js';

export async function failParts(
  shell: Shell,
  { done, failed, failures }: WorkOutcome,
  what: string,
): Promise<void> {
  for (const { path, code, reason } of failures) {
    await shell.fail(new OrchardError(code, reason, { path }));
  }
  const outcome = { done, failed, failures };
  const reason = `${failed} of ${done + failed} entries ${what}.`;
  await shell.fail(new OrchardError(failures[0]?.code ?? 'ABORTED', reason, { outcome }));
}
