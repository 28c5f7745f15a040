/**
 * Checks the root store of a new namespace before the namespace is made, because it cannot be
 * unmounted and a mistake would be permanent.
 */
import { Code, StatusError } from '../../base/status.js';
import { openUfs } from '../../stores/registry.js';
import type { Config } from '../settings/config.js';

type Environment = Readonly<Record<string, string | undefined>>;

export async function requireRootStore(config: Config, environment: Environment): Promise<void> {
  const { rootUfs, rootUfsOptions, ufsTimeoutMs } = config;
  const options = { timeoutMs: String(ufsTimeoutMs), ...rootUfsOptions };
  try {
    const store = await openUfs(rootUfs, options, environment);
    try {
      const root = await store.stat('', new AbortController().signal);
      if (root === undefined) throw refusal('it does not exist', 'Create it in the store first.');
      if (root.type !== 'directory') throw refusal('it is a file', 'Name a directory.');
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { code, message, hint } = error;
    const retry = 'Correct ORCHARD_ROOT_UFS or ORCHARD_ROOT_UFS_OPTIONS, and start again.';
    const why = message.replace(/\.$/, '');
    throw new StatusError(code, `The root store ${rootUfs} cannot be used: ${why}.`, {
      hint: hint === undefined ? retry : `${hint} ${retry}`,
    });
  }
}

const refusal = (reason: string, hint: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, reason, { hint });
