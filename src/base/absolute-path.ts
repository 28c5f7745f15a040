/**
 * An absolute, clean path on this machine from a relative one: what node:path resolve does, for
 * a floor that imports no node module. Paths of the namespace are path/'s business, not this one's.
 */
export function absolutePath(workingDirectory: string, path: string): string {
  const given = path.startsWith('/') ? path : `${workingDirectory}/${path}`;
  const parts: string[] = [];
  for (const part of given.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
