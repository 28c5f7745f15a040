/**
 * Modes as chmod takes them: octal (755, 1777) or symbolic (u+rwx,go-w, a=rX, g=u, -w, +t). Pure.
 * Unlike in chmod(1), a missing class means all classes whatever the umask: the umask is the
 * master's.
 */

export type ModeChange =
  | { readonly kind: 'octal'; readonly mode: number }
  | { readonly kind: 'symbolic'; readonly apply: (mode: number, isDirectory: boolean) => number };

const MODE_MAX = 0o7777;
/** No request needs more; a bound for what the master reads again for each inode. */
export const MODE_TEXT_CHARS_MAX = 256;
const clause = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/;
const action = /([-+=])([ugo]|[rwxXst]*)/g;

type Inode = { readonly mode: number; readonly isDirectory: boolean };

/** Undefined: not a mode. */
export function parseMode(text: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= MODE_MAX) return { kind: 'octal', mode };
  }
  if (text.length > MODE_TEXT_CHARS_MAX) return undefined;
  const clauses = text.split(',').map((part) => clause.exec(part));
  if (clauses.some((match) => match === null)) return undefined;
  const apply = (mode: number, isDirectory: boolean) =>
    clauses.reduce((now, match) => applyClause(now, match!, isDirectory), mode);
  return { kind: 'symbolic', apply };
}

function applyClause(mode: number, match: RegExpExecArray, isDirectory: boolean): number {
  const classes = match[1] === '' || match[1]!.includes('a') ? 'ugo' : match[1]!;
  let result = mode;
  for (const [, operator, letters] of match[2]!.matchAll(action)) {
    const inode = { mode: result, isDirectory };
    const bits = [...classes].reduce((all, kind) => all | bitsOf(kind, letters!, inode), 0);
    if (operator === '+') result |= bits;
    else if (operator === '-') result &= ~bits;
    else result = (result & ~permissionsOf(classes)) | bits;
  }
  return result;
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

const permissionsOf = (classes: string): number =>
  [...classes].reduce((all, kind) => all | (7 << shifts[kind]!), 0);

/** The bits of one class: given by letters, or copied from another class. */
function bitsOf(kind: string, letters: string, { mode, isDirectory }: Inode): number {
  const shift = shifts[kind]!;
  const other = shifts[letters];
  if (other !== undefined) return ((mode >> other) & 7) << shift;
  let bits = 0;
  for (const letter of letters) {
    if (letter === 'r') bits |= 4 << shift;
    else if (letter === 'w') bits |= 2 << shift;
    else if (letter === 'x') bits |= 1 << shift;
    else if (letter === 'X' && (isDirectory || (mode & 0o111) !== 0)) bits |= 1 << shift;
    else if (letter === 's' && kind === 'u') bits |= 0o4000;
    else if (letter === 's' && kind === 'g') bits |= 0o2000;
    else if (letter === 't') bits |= 0o1000;
  }
  return bits;
}
