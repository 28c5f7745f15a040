/** The Range header of RFC 9110, one range of bytes. Pure. */

export type ByteRange = { readonly offset: number; readonly length: number };

/** The range asked for; 'whole' for a header to ignore; 'unsatisfiable' for one beyond the end. */
export function parseRange(
  header: string | undefined,
  fileBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  // Several ranges, and anything unreadable, may be answered with the whole file.
  if (match === null) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), fileBytes);
    return length === 0 ? 'unsatisfiable' : { offset: fileBytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? fileBytes - 1 : Math.min(Number(last), fileBytes - 1);
  if (last !== '' && Number(last) < offset) return 'whole';
  if (offset >= fileBytes) return 'unsatisfiable';
  return { offset, length: end - offset + 1 };
}
