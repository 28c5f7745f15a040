/**
 * Reports of the master as text: objects as indented fields, lists of objects as tables. Unknown
 * fields of later versions are shown too. Pure.
 */
import { exactTimeText, humanBytes, shown, spanText } from './format.js';
import { Columns } from './output.js';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

export function reportLines(report: Json, indent = ''): string[] {
  if (Array.isArray(report)) return listLines(report, indent);
  if (!isObject(report)) return [`${indent}${scalar(report)}`];
  const fields = Object.entries(report);
  const plain = fields.filter(([, value]) => !isNested(value));
  const titles = titlesOf(plain.map(([name]) => name));
  const rows = plain.map(([name, value], index) => [`${titles[index]}:`, quantity(name, value)]);
  const lines = new Columns(['left', 'left']).lines(rows).map((line) => indent + line.trimEnd());
  for (const [name, value] of fields) {
    if (!isNested(value)) continue;
    const inner = reportLines(value, `${indent}  `);
    lines.push(`${indent}${title(name)}:`, ...(inner.length > 0 ? inner : [`${indent}  none`]));
  }
  return lines;
}

function listLines(items: readonly Json[], indent: string): string[] {
  if (!items.every(isFlat)) {
    return items.flatMap((item) => [...reportLines(item, indent), '']).slice(0, -1);
  }
  if (!items.every(isObject)) return items.map((item) => `${indent}${scalar(item)}`);
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const rows = items.map((item) => names.map((name) => quantity(name, item[name])));
  const aligns = names.map((name) =>
    items.every((item) => typeof item[name] === 'number') ? ('right' as const) : ('left' as const),
  );
  const head = titlesOf(names).map((name) => name.toUpperCase());
  return new Columns(aligns)
    .lines(rows.length === 0 ? [] : [head, ...rows])
    .map((line) => indent + line.trimEnd());
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNested = (value: Json): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

const isFlat = (value: Json): boolean =>
  !Array.isArray(value) && (!isObject(value) || !Object.values(value).some(isNested));

function scalar(value: Json): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'object') return 'none';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(3);
  return shown(String(value));
}

/** Later than any span: milliseconds since 1970. */
const MOMENT_MS_MIN = 1e12;

/** Shows bytes and milliseconds for people; the end of the name tells which they are. */
function quantity(name: string, value: Json): string {
  if (typeof value !== 'number' || value < 0) return scalar(value);
  if (/Bytes$|^bytes$/.test(name)) return humanBytes(value);
  if (!/Ms$/.test(name)) return scalar(value);
  return value >= MOMENT_MS_MIN ? exactTimeText(value) : spanText(value);
}

/** The unit stands at the value; it stays in the name only where two names differ by it. */
function titlesOf(names: readonly string[]): string[] {
  const short = names.map((name) => name.replace(/(?<=[a-z\d])(Ms|Bytes)$/, ''));
  return names.map((name, index) => {
    const isAlone = short.filter((one) => one === short[index]).length === 1;
    return title(isAlone ? short[index]! : name.replace(/Ms$/, 'Time'));
  });
}

/** lastSeq -> last seq, in_use -> in use */
const title = (name: string): string =>
  name
    .replace(/_/g, ' ')
    .replace(
      /([a-z\d])([A-Z])/g,
      (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
    );
