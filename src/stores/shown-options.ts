/**
 * How the options of a mount may be shown, and where their secrets are. A value `env:NAME` is taken
 * from the environment when the store is opened: the mount table and the journal then hold the name
 * of the secret only.
 */
import { REDACTED } from '../base/redact.js';

export type UfsOptions = Readonly<Record<string, string | number | boolean>>;

/** The rest may hold anything, and is hidden. */
const shownNames: ReadonlySet<string> = new Set([
  'timeoutMs',
  'idleMs',
  'maxConcurrent',
  'maxWaiting',
  'endpoint',
  'region',
  'pathStyle',
  'anonymous',
]);

export const environmentReference = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/** A copy fit for listings and logs; a reference to the environment is no secret. */
export function redact(options: UfsOptions): Record<string, string | number | boolean> {
  const shown = Object.entries(options).map(([name, value]) => {
    const isReference = environmentReference.test(String(value));
    const isPlain = shownNames.has(name) && !String(value).includes('@');
    return [name, isReference || isPlain ? value : REDACTED] as const;
  });
  return Object.fromEntries(shown);
}
