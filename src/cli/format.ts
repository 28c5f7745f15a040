/** Statuses, sizes, modes and times as people read them. Pure. */
import type { FileStatus } from '../client/index.js';

const units = ['K', 'M', 'G', 'T', 'P', 'E'];

/** As `ls -h`: 1023, 1.0K, 15M; one digit behind the point below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${text}${units[unit]}`;
}

export const sizeText = (bytes: number, isHuman: boolean | undefined): string =>
  isHuman === true ? humanBytes(bytes) : String(bytes);

/** rwxr-xr-x, with s and t where setuid, setgid and sticky are. */
export function permissionsText(mode: number): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) =>
    (mode & (1 << (8 - index))) === 0 ? '-' : letter,
  );
  const special = (at: number, bit: number, letter: string) => {
    if ((mode & bit) === 0) return;
    bits[at] = bits[at] === '-' ? letter.toUpperCase() : letter;
  };
  special(2, 0o4000, 's');
  special(5, 0o2000, 's');
  special(8, 0o1000, 't');
  return bits.join('');
}

export const modeText = ({ type, mode }: FileStatus): string =>
  `${type === 'directory' ? 'd' : '-'}${permissionsText(mode)}`;

export const octalMode = (mode: number): string => mode.toString(8).padStart(4, '0');

/** In the words of `alluxio fs ls`. */
export function stateText(status: FileStatus): string {
  if (status.mountPoint) return 'MOUNT';
  if (status.type === 'directory') return 'DIR';
  if (!status.completed) return 'INCOMPLETE';
  return status.persisted ? 'PERSISTED' : 'NOT_PERSISTED';
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time to the minute: 2026-01-31 09:05. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** To the second. */
export const exactTimeText = (ms: number): string =>
  `${timeText(ms)}:${two(new Date(ms).getSeconds())}`;

const codeUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** The two largest units: 1d2h, 3m10s; below a second in ms. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [name, factor] of codeUnits) {
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    if (count > 0) parts.push(`${count}${name}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join('');
}

/** Names may hold line ends and terminal commands: shown, never sent to the terminal. */
export const shown = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
    const code = char.codePointAt(0)!;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });

/** Bytes as text where they are text, else as 0x… */
export function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `0x${Buffer.from(bytes).toString('hex')}`;
  }
}

/** A status for --json: what the client gives, with permissions in letters and xattrs as text. */
export function statusJson(status: FileStatus): Record<string, unknown> {
  const { xattrs, ...rest } = status;
  const texts = Object.entries(xattrs ?? {}).map(([name, value]) => [name, bytesText(value)]);
  return {
    ...rest,
    permissions: permissionsText(status.mode),
    ...(xattrs !== undefined && { xattrs: Object.fromEntries(texts) }),
  };
}
