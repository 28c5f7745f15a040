/**
 * A store that fails on purpose, around another store. Faults are rules: which calls, from which
 * one on, how often, and what happens. Ordinary tests switch them on.
 *
 *     const store = new FaultUfs(inner);
 *     const fault = store.add({ verb: 'list', from: 3, do: { hang: true } });   // third list on
 *     fault.remove();
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, StatusError } from '../../src/base/status.js';
import type {
  Ufs,
  UfsListOptions,
  UfsPage,
  UfsReadOptions,
  UfsStatus,
  UfsWriteOptions,
} from '../../src/stores/ufs.js';

export type UfsVerb = 'stat' | 'list' | 'read' | 'write';

export type Fault = {
  /** Absent: every verb. */
  readonly verb?: UfsVerb;
  readonly path?: RegExp;
  /** The first matching call that it hits; absent: 1. */
  readonly from?: number;
  /** How many calls it hits; absent: all. */
  readonly count?: number;
  readonly do: { readonly hang: true } | { readonly fail: Code } | { readonly delayMs: number };
};

type Rule = { readonly fault: Fault; seen: number };

export class FaultUfs implements Ufs {
  readonly uri: string;
  readonly #inner: Ufs;
  readonly #rules = new Set<Rule>();
  readonly #calls = new Map<UfsVerb, number>();

  constructor(inner: Ufs) {
    this.#inner = inner;
    this.uri = inner.uri;
  }

  add(fault: Fault): { remove(): void } {
    const rule: Rule = { fault, seen: 0 };
    this.#rules.add(rule);
    return { remove: () => this.#rules.delete(rule) };
  }

  /** Calls of this verb so far, failed ones too. */
  callCount(verb: UfsVerb): number {
    return this.#calls.get(verb) ?? 0;
  }

  async stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    await this.#meet('stat', path, signal);
    return this.#inner.stat(path, signal);
  }

  async list(dirPath: string, options: UfsListOptions): Promise<UfsPage> {
    await this.#meet('list', dirPath, options.signal);
    return this.#inner.list(dirPath, options);
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    await this.#meet('read', path, options.signal);
    return this.#inner.read(path, options);
  }

  async write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus> {
    await this.#meet('write', path, options.signal);
    return this.#inner.write(path, data, options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #meet(verb: UfsVerb, path: string, signal: AbortSignal): Promise<void> {
    this.#calls.set(verb, this.callCount(verb) + 1);
    for (const rule of [...this.#rules]) {
      const { fault } = rule;
      if (fault.verb !== undefined && fault.verb !== verb) continue;
      if (fault.path?.test(path) === false) continue;
      const turn = ++rule.seen - (fault.from ?? 1);
      if (turn < 0 || turn >= (fault.count ?? Number.POSITIVE_INFINITY)) continue;
      await suffer(fault.do, `${this.uri}/${path}`, signal);
    }
  }
}

/** A hang ends with the caller's signal, as the gate of a real store would end it. */
async function suffer(what: Fault['do'], uri: string, signal: AbortSignal): Promise<void> {
  if ('fail' in what) throw new StatusError(what.fail, `injected fault at ${uri}`);
  if ('delayMs' in what) return sleep(what.delayMs, undefined, { signal });
  await new Promise((_resolve, reject) => {
    const onAbort = () => reject(new StatusError(Code.UNAVAILABLE, `injected hang at ${uri}`));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
