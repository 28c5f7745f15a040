/**
 * Modes as chmod takes them: octal (755, 1777) or symbolic (u+rwx,go-w, a=rX, +t). Pure.
 * Unlike chmod(1) a missing class means all, whatever the umask: the umask is the master's.
 */
import { UsageError } from './usage-error.js';

export type ModeChange =
  | { readonly kind: 'octal'; readonly mode: number }
  | { readonly kind: 'symbolic'; readonly apply: (mode: number, isDirectory: boolean) => number };

const clause = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/;

export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= 0o7777) return { kind: 'octal', mode };
  }
  const clauses = text.split(',').map((part) => clause.exec(part));
  if (clauses.some((match) => match === null)) {
    throw new UsageError(`"${text}" is not a mode`, 'an octal like 755 or a change like u+rw,go-w');
  }
  const apply = (mode: number, isDirectory: boolean) =>
    clauses.reduce((now, match) => applyClause(now, match!, isDirectory), mode);
  return { kind: 'symbolic', apply };
}

function applyClause(mode: number, match: RegExpExecArray, isDirectory: boolean): number {
  const classes = match[1] === '' || match[1]!.includes('a') ? 'ugo' : match[1]!;
  let result = mode;
  for (const [, operator, letters] of match[2]!.matchAll(/([-+=])([rwxXst]*)/g)) {
    const bits = bitsOf(classes, letters!, { mode: result, isDirectory });
    if (operator === '+') result |= bits;
    else if (operator === '-') result &= ~bits;
    else result = (result & ~bitsOf(classes, 'rwx', { mode: 0, isDirectory })) | bits;
  }
  return result;
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function bitsOf(
  classes: string,
  letters: string,
  { mode, isDirectory }: { mode: number; isDirectory: boolean },
): number {
  let bits = 0;
  for (const kind of classes) {
    const shift = shifts[kind]!;
    for (const letter of letters) {
      if (letter === 'r') bits |= 4 << shift;
      else if (letter === 'w') bits |= 2 << shift;
      else if (letter === 'x') bits |= 1 << shift;
      else if (letter === 'X' && (isDirectory || (mode & 0o111) !== 0)) bits |= 1 << shift;
      else if (letter === 's' && kind === 'u') bits |= 0o4000;
      else if (letter === 's' && kind === 'g') bits |= 0o2000;
      else if (letter === 't') bits |= 0o1000;
    }
  }
  return bits;
}
