/**
 * Paths of the namespace as people type them: cleaned, absolute, with or without a scheme.
 * `orchard://host:19998/a`, `alluxio:///a` and `/a/` all mean /a. Pure.
 */
import { UsageError } from './usage-error.js';

const schemed = /^(?:orchard|alluxio|hdfs):\/\/[^/]*(\/.*)?$/i;

/** Clean and absolute: no empty component, no `.` or `..`, no slash at the end but for the root. */
export function parsePath(text: string): string {
  const match = schemed.exec(text);
  const path = match === null ? text : (match[1] ?? '/');
  if (!path.startsWith('/')) {
    const guess = text === '' ? '/' : `/${text}`;
    throw new UsageError(`"${text}" is not an absolute path`, `write it as ${guess}`);
  }
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Typed with a slash at the end: a directory is meant. */
export const meansDirectory = (text: string): boolean => /\/\.{0,2}$/.test(text);

export const joinPath = (directory: string, name: string): string =>
  directory === '/' ? `/${name}` : `${directory}/${name}`;

/** The last component; '' for the root. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** What remains of a path below a directory: 'b/c' of /a/b/c below /a; '' of /a itself. */
export function relativeTo(directory: string, path: string): string {
  if (path === directory) return '';
  const base = directory === '/' ? '/' : `${directory}/`;
  return path.startsWith(base) ? path.slice(base.length) : path;
}
