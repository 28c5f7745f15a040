/**
 * What may never be shown or logged, recognised in one place: by the name of a field and by the
 * user part of a URL. Used by the configuration, the logs and the mount table. Pure.
 */

export const REDACTED = '[redacted]';

/** Deeper than any object that is logged on purpose; what is below is dropped, not shown. */
const DEPTH_MAX = 6;

const secretWords = [
  'secret|password|passwd|passphrase|credential|authorization|cookie|token|signature',
  '(private|access|account|api).?key',
];
const secretName = new RegExp(secretWords.join('|'), 'i');

/** Whether a field of this name holds something that must not be shown. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** The text with the user part of every URL in it hidden. */
export const redactText = (text: string): string =>
  text.includes('@') ? text.replace(/(\/\/)[^/\s@]+@/g, `$1${REDACTED}@`) : text;

/** A copy with every secret value replaced; errors, buffers and other classes pass as they are. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      isSecretName(name) ? REDACTED : redact(field, depth + 1),
    ]),
  );
}
