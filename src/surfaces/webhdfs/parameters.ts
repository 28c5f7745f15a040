/**
 * The query of a WebHDFS request. Names and switches in any case, an empty value is an absent one,
 * what nobody knows is passed over: so Hadoop's own servers read it. Pure.
 */
import { Code, StatusError } from '../../base/status.js';

export class Parameters {
  readonly #values = new Map<string, string[]>();

  constructor(query: string) {
    for (const [name, value] of new URLSearchParams(query)) {
      const key = name.toLowerCase();
      const values = this.#values.get(key);
      if (values === undefined) this.#values.set(key, [value]);
      else values.push(value);
    }
  }

  /** The first one given; '' = absent. A client that seeks appends a second offset: the last. */
  text(name: string): string {
    return this.#values.get(name)?.[0] ?? '';
  }

  last(name: string): string {
    return this.#values.get(name)?.at(-1) ?? '';
  }

  all(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== '');
  }

  required(name: string): string {
    const value = this.text(name);
    if (value !== '') return value;
    throw invalidValue(name, value, `The parameter "${name}" is missing.`);
  }

  flag(name: string, byDefault = false): boolean {
    const value = this.text(name).toLowerCase();
    if (value === '') return byDefault;
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalidValue(name, value, 'It is true or false.');
  }

  /** A whole number; undefined: absent. */
  whole(name: string): number | undefined {
    const value = this.last(name);
    if (value === '') return undefined;
    const number = Number(value);
    if (/^-?\d+$/.test(value) && Number.isSafeInteger(number)) return number;
    throw invalidValue(name, value, 'It is a whole number.');
  }

  /** Permission bits in octal, with a leading 0 or without; undefined: absent. */
  mode(name: string): number | undefined {
    const value = this.text(name);
    if (value === '') return undefined;
    if (/^[01]?[0-7]{1,4}$/.test(value)) return Number.parseInt(value, 8) & 0o1777;
    throw invalidValue(name, value, 'It is an octal mode such as 755.');
  }
}

export function invalidValue(name: string, value: string, rule: string): StatusError {
  const reason = `Invalid value for webhdfs parameter "${name}": ${value}. ${rule}`;
  return new StatusError(Code.INVALID_ARGUMENT, reason);
}
