/**
 * Failures as they stand on standard error: what, where, why, and the next step.
 *
 *   orchard: ls: NOT_FOUND: /x: Path "/x" does not exist. Try: orchard ls /
 */
import { StatusError } from '../base/status.js';
import { OrchardError } from '../client/errors.js';
import { shown } from './format.js';
import { parentOf } from './namespace-path.js';
import { UsageError } from './usage-error.js';

export type Failure = {
  readonly code: string;
  readonly path?: string;
  readonly reason: string;
  readonly hint?: string;
  /** Of this process: may have several lines. What comes from elsewhere is one line. */
  readonly isLocal?: true;
};

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof OrchardError) {
    const { code, path, message: reason } = thrown;
    const hint = thrown.hint ?? hintOf(thrown);
    return { code, reason, ...(path !== undefined && { path }), ...(hint && { hint }) };
  }
  if (thrown instanceof StatusError) {
    const { codeName: code, path, message: reason, hint } = thrown;
    const told = { code, reason, ...(path !== undefined && { path }), ...(hint && { hint }) };
    return { ...told, isLocal: true };
  }
  if (thrown instanceof UsageError) {
    const { hint, message: reason } = thrown;
    return { code: 'USAGE', reason, ...(hint !== undefined && { hint }) };
  }
  const error = thrown as NodeJS.ErrnoException;
  const reason = error.message ?? String(thrown);
  const code = localCodes[error.code ?? ''] ?? 'INTERNAL';
  if (error.code !== 'EADDRINUSE') return { code, reason };
  const hint = 'see whether another master runs, or choose ORCHARD_RPC_PORT and ORCHARD_HTTP_PORT';
  return { code, reason, hint };
}

export function failureLine(verb: string, failure: Failure): string {
  const { code, path, reason, hint, isLocal } = failure;
  const isNamed = path === undefined || reason.startsWith(`${path}:`);
  const where = isNamed ? '' : `${shown(path)}: `;
  const sentence = reason.replace(/[.\s]+$/, '');
  const next = hint === undefined ? '' : `. Try: ${hint.replace(/\.$/, '')}`;
  const lines = isLocal === true ? sentence.split('\n') : [sentence];
  return `orchard: ${verb}: ${code}: ${where}${lines.map(shown).join('\n')}${next}`;
}

/** Of this machine: its files, its ports. */
const localCodes: Readonly<Record<string, string>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EISDIR: 'INVALID_ARGUMENT',
  ENOTDIR: 'INVALID_ARGUMENT',
  ENOSPC: 'RESOURCE_EXHAUSTED',
  EADDRINUSE: 'FAILED_PRECONDITION',
};

/** Where the master names no next step. */
function hintOf({ code, path, message }: OrchardError): string | undefined {
  if (code === 'UNAVAILABLE' && /^no (connection|answer)|ECONNREFUSED/.test(message)) {
    return 'start one with `orchard master start`, or name another with --host and --port';
  }
  if (code === 'DEADLINE_EXCEEDED')
    return 'wait longer with --timeout, or see `orchard admin report`';
  if (path === undefined || !path.startsWith('/')) return undefined;
  if (code === 'NOT_FOUND') return `orchard ls ${parentOf(path)}`;
  if (code === 'PERMISSION_DENIED') {
    return `orchard stat ${path} (owner and mode), or another user with --user`;
  }
  return undefined;
}
