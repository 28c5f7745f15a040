/**
 * Failures on standard error: what, where, why, and the next step.
 *
 *   orchard: ls: NOT_FOUND: /x: Path "/x" does not exist. Try: orchard ls /
 */
import { StatusError } from '../base/status.js';
import { OrchardError, type WorkOutcome } from '../client/errors.js';
import { shown } from './format.js';
import { parentOf } from './namespace-path.js';
import { UsageError } from './usage-error.js';

export type Failure = {
  readonly code: string;
  readonly path?: string;
  readonly reason: string;
  readonly hint?: string;
  /** Of work over many paths: how much was done, and what failed first. */
  readonly outcome?: WorkOutcome;
  /** From this process: may have several lines. Other reasons are one line. */
  readonly isLocal?: true;
};

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof OrchardError) {
    const { code, path, message: reason, outcome } = thrown;
    const hint = thrown.hint === undefined ? hintOf(thrown) : forPeople(thrown.hint);
    const told = { code, reason, ...(path !== undefined && { path }), ...(hint && { hint }) };
    return { ...told, ...(outcome !== undefined && { outcome }) };
  }
  if (thrown instanceof StatusError) {
    const { codeName: code, path, message: reason, hint } = thrown;
    const told = { code, reason, ...(path !== undefined && { path }), ...(hint && { hint }) };
    return { ...told, isLocal: true };
  }
  if (thrown instanceof UsageError) {
    const { hint, message: reason } = thrown;
    return { code: 'USAGE', reason: sentence(reason), ...(hint !== undefined && { hint }) };
  }
  return localFailure(thrown as NodeJS.ErrnoException);
}

/** Refusals of this machine, in words instead of `ENOENT: no such file or directory, open`. */
function localFailure(error: NodeJS.ErrnoException): Failure {
  const known = localFailures[error.code ?? ''];
  if (known === undefined) return { code: 'INTERNAL', reason: error.message ?? String(error) };
  const [code, reason, hint] = known;
  const { path } = error;
  const told = path === undefined ? { reason: error.message } : { path, reason };
  return { code, ...told, ...(hint !== undefined && { hint }) };
}

/** Adds a capital and one stop. */
const sentence = (text: string): string =>
  text.replace(/^[a-z]/, (first) => first.toUpperCase()).replace(/[.\s]*$/, '.');

export function failureLine(verb: string, failure: Failure): string {
  const { code, path, reason, hint, isLocal } = failure;
  const isNamed = path === undefined || reason.startsWith(`${path}:`);
  const where = isNamed ? '' : `${shown(path)}: `;
  const words = reason.replace(/[.\s]+$/, '');
  const next = hint === undefined ? '' : `. Try: ${hint.replace(/\.$/, '')}`;
  const lines = isLocal === true ? words.split('\n') : [words];
  const who = verb === '' ? '' : `${verb}: `;
  return `orchard: ${who}${code}: ${where}${lines.map(shown).join('\n')}${next}`;
}

/** For files and ports of this machine. */
const localFailures: Readonly<Record<string, readonly [string, string, string?]>> = {
  ENOENT: ['NOT_FOUND', 'There is no such file or directory on this machine.'],
  EEXIST: ['ALREADY_EXISTS', 'It exists on this machine already.'],
  EACCES: ['PERMISSION_DENIED', 'This machine does not permit it.'],
  EPERM: ['PERMISSION_DENIED', 'This machine does not permit it.'],
  EISDIR: ['INVALID_ARGUMENT', 'It is a directory of this machine.'],
  ENOTDIR: ['INVALID_ARGUMENT', 'A part of the path is no directory of this machine.'],
  ELOOP: ['INVALID_ARGUMENT', 'Too many symbolic links follow each other there.'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'The name is too long for this machine.'],
  ENOSPC: ['RESOURCE_EXHAUSTED', 'The disk of this machine is full.'],
  EMFILE: [
    'RESOURCE_EXHAUSTED',
    'Too many files are open.',
    'a higher limit: `ulimit -n 65536` in the shell that starts it, LimitNOFILE=65536 in a ' +
      'unit of systemd, --ulimit nofile=65536 of a container',
  ],
  EADDRINUSE: [
    'FAILED_PRECONDITION',
    'The port is in use.',
    'see whether another master runs, or choose ORCHARD_RPC_PORT and ORCHARD_HTTP_PORT',
  ],
};

/** For failures without a next step from the master. */
function hintOf(error: OrchardError): string | undefined {
  const { code, path } = error;
  if (code === 'UNAVAILABLE') return connectionHint(error.message);
  if (code === 'DEADLINE_EXCEEDED')
    return 'wait longer with --timeout, or see `orchard admin report`';
  if (path === undefined || !path.startsWith('/')) return undefined;
  if (code === 'NOT_FOUND') return `orchard ls ${parentOf(path)}`;
  if (code === 'PERMISSION_DENIED') {
    return `orchard stat ${path} (owner and mode), or another user with --user`;
  }
  return undefined;
}

/** An unknown host, a closed port and a silent machine are three different things to do. */
function connectionHint(reason: string): string | undefined {
  if (reason.includes(' is unknown')) return 'check the name in --host or ORCHARD_HOST';
  if (reason.includes('no Orchard master')) {
    return 'give its port for calls with --port (ORCHARD_RPC_PORT), not the one for data';
  }
  if (/^No answer|: no answer|no way to that/.test(reason)) {
    return 'check the address and the firewalls on the way, or wait longer with --timeout';
  }
  if (!/^No connection|ECONNREFUSED|refused/.test(reason)) return undefined;
  return 'start one with `orchard master start`, or name another with --host and --port';
}

/** Hints of master and client for programs, in the words of the command line. */
const wordsOfPrograms: readonly (readonly [RegExp, string])[] = [
  [/^Delete recursively \(rm -R\), or empty it first/, 'delete it with -R, or empty it first'],
  [/^Choose another name, or set overwrite/, 'choose another name, or replace it with -f'],
  [/or create recursively/, 'or use -p'],
  [/or allow the directory to exist \(mkdir -p\)/, 'or use mkdir -p'],
  [/or ask for mount points to be deleted too/, 'or use rm --delete-mounts'],
  [/^Give the call more time/, 'Wait longer with --timeout'],
  [/^Await client\.room\(\) before sending more/, 'Do less at a time'],
  [/^If it was a change, it may still have been made/, 'It may still have been made'],
  [/^Say Hello with a user name, or send the header x-orchard-user/, 'Name a user with --user'],
  [/^Send the header x-orchard-user/, 'Name a user with --user'],
];

const forPeople = (hint: string): string =>
  wordsOfPrograms.reduce((text, [words, ours]) => text.replace(words, ours), hint);
