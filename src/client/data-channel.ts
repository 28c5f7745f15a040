/**
 * File data over the master's HTTP port: `GET` and `PUT /v1/data/<path>`, streamed both ways. The
 * flow control of TCP, through undici's streams, stops the sender when the receiver stops.
 */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { codeOfHttp } from '../base/http-status.js';
import { Code, type CodeName } from '../base/status.js';
import { randomClientId } from './connect-options.js';
import { asOrchardError, OrchardError } from './errors.js';
import type { ReadOptions, WriteOptions, WrittenFile } from './types.js';

export type DataChannelOptions = {
  /** `http://host:port`, without a slash at the end. */
  readonly origin: string;
  readonly user: string;
  readonly groups: readonly string[];
};

export type DataSource = Readable | AsyncIterable<Uint8Array> | Uint8Array | string;

type RequestOptions = {
  readonly headers: Record<string, string>;
  readonly query?: URLSearchParams;
  readonly body?: Dispatcher.DispatchOptions['body'];
  readonly signal?: AbortSignal;
};

const CONNECTIONS_MAX = 16;
/** A store may be slow to send the first byte. */
const SILENCE_MS_MAX = 120_000;
const ERROR_BODY_BYTES_MAX = 16_384;
/** Attempts in a row that bring no bytes. */
const RETRIES_MAX = 3;
const RETRY_MS = 50;
const RETRY_AFTER_MS_MAX = 10_000;

export class DataChannel {
  readonly #options: DataChannelOptions;
  readonly #agent: Agent;
  /** A client id of its own, because other channels number their calls too. */
  readonly #clientId = randomClientId();
  #lastCallId = 0;

  constructor(options: DataChannelOptions, agent?: Agent) {
    this.#options = options;
    this.#agent =
      agent ??
      new Agent({
        connections: CONNECTIONS_MAX,
        headersTimeout: SILENCE_MS_MAX,
        bodyTimeout: SILENCE_MS_MAX,
      });
  }

  /** For another user, over the same connections; closing the first one closes all. */
  as(user: string, groups: readonly string[]): DataChannel {
    return new DataChannel({ ...this.#options, user, groups }, this.#agent);
  }

  /**
   * The bytes as they come; breaking out of the loop ends the transfer. One that is cut goes on
   * where it was, as long as the file is the same.
   */
  async *read(
    path: string,
    options: ReadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { offset = 0, length } = options;
    const end = length === undefined ? Number.POSITIVE_INFINITY : offset + length;
    let at = offset;
    let tag: string | undefined;
    let failures = 0;
    while (at < end) {
      try {
        const response = await this.#get(path, at, end, options);
        if (response === undefined) return;
        const found = headerOf(response, 'etag');
        if (at > offset && found !== tag) {
          abandon(response);
          throw changedMeanwhile(path);
        }
        tag = found;
        for await (const chunk of response.body) {
          at += (chunk as Uint8Array).length;
          failures = 0;
          yield chunk as Uint8Array;
        }
        return;
      } catch (thrown) {
        const error = transferError(thrown, path);
        const isSafe = at === offset || tag !== undefined;
        if (!isSafe || !isWorthWaiting(error) || failures === RETRIES_MAX) throw error;
        failures += 1;
        await backOff(error, failures);
      }
    }
  }

  /** Undefined: there is nothing to read. */
  async #get(
    path: string,
    at: number,
    end: number,
    { signal, fingerprint = 0 }: ReadOptions,
  ): Promise<Dispatcher.ResponseData | undefined> {
    const isWhole = at === 0 && end === Number.POSITIVE_INFINITY;
    const last = end === Number.POSITIVE_INFINITY ? '' : end - 1;
    const response = await this.#request('GET', path, {
      headers: {
        ...(!isWhole && { range: `bytes=${at}-${last}` }),
        ...(fingerprint !== 0 && { 'if-match': `"${fingerprint.toString(16)}"` }),
      },
      ...(signal !== undefined && { signal }),
    });
    // A range that starts at the end or after it is empty, not an error.
    if (response.statusCode === 416) {
      await response.body.dump();
      return undefined;
    }
    await refuseFailure(response, path);
    return response;
  }

  async write(path: string, source: DataSource, options: WriteOptions = {}): Promise<WrittenFile> {
    const { overwrite, over, recursive, mode, length, signal } = options;
    const { blockSize, replicationMin } = options;
    const { clientId = this.#clientId, callId = ++this.#lastCallId } = options;
    const query = new URLSearchParams();
    if (overwrite === true) query.set('overwrite', 'true');
    if (over !== undefined) query.set('over', over.toString(16));
    if (recursive === true) query.set('recursive', 'true');
    if (mode !== undefined) query.set('mode', mode.toString(8));
    if (blockSize !== undefined) query.set('blockSize', String(blockSize));
    if (replicationMin !== undefined) query.set('replicationMin', String(replicationMin));
    const bytes = typeof source === 'string' ? Buffer.from(source) : source;
    const isAtHand = bytes instanceof Uint8Array;
    const known = isAtHand ? bytes.length : length;
    const send = () =>
      this.#put(path, {
        query,
        body: (isAtHand ? bytes : chunksOf(bytes)) as Dispatcher.DispatchOptions['body'],
        headers: {
          'content-type': 'application/octet-stream',
          'x-orchard-client-id': String(clientId),
          'x-orchard-call-id': String(callId),
          ...(known !== undefined && { 'content-length': String(known) }),
        },
        ...(signal !== undefined && { signal }),
      });
    const response = isAtHand ? await retried(send) : await send();
    const written = detailOf(await textOf(response));
    return {
      path: String(written['path'] ?? path),
      id: Number(written['id'] ?? 0),
      length: Number(written['length'] ?? 0),
    };
  }

  async #put(path: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    const response = await this.#request('PUT', path, options);
    await refuseFailure(response, path);
    return response;
  }

  /** The master's metrics in the form of Prometheus; the port gives them to everybody. */
  async metrics(signal?: AbortSignal): Promise<string> {
    const { origin } = this.#options;
    try {
      const options = { dispatcher: this.#agent, ...(signal !== undefined && { signal }) };
      const response = await request(`${origin}/metrics`, options);
      await refuseFailure(response, '/metrics');
      return await response.body.text();
    } catch (thrown) {
      throw transferError(thrown, '/metrics');
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #request(
    method: 'GET' | 'PUT',
    path: string,
    options: RequestOptions,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, user, groups } = this.#options;
    const search = options.query?.size ? `?${options.query}` : '';
    try {
      return await request(`${origin}/v1/data${encodePath(path)}${search}`, {
        method,
        dispatcher: this.#agent,
        headers: {
          ...options.headers,
          'x-orchard-user': headerText(user),
          'x-orchard-groups': groups.map(headerText).join(','),
        },
        body: options.body ?? null,
        signal: options.signal ?? null,
      });
    } catch (thrown) {
      throw transferError(thrown, path);
    }
  }
}

/** An upload whose bytes are in memory is sent again; the master knows it by its ids. */
async function retried<T>(send: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await send();
    } catch (thrown) {
      const error = asOrchardError(thrown);
      if (!isWorthWaiting(error) || failures > RETRIES_MAX) throw error;
      await backOff(error, failures);
    }
  }
}

/** At most this long: a deadline that is far away is reported now. */
const isWorthWaiting = ({ retryable, retryAfterMs = 0 }: OrchardError): boolean =>
  retryable && retryAfterMs <= RETRY_AFTER_MS_MAX;

const backOff = ({ retryAfterMs }: OrchardError, failures: number): Promise<void> =>
  delay(retryAfterMs ?? RETRY_MS * 2 ** failures, undefined, { ref: true });

/**
 * What is no stream to undici: of one that has ended before it is read, undici takes what happens
 * to be in its buffer for its length.
 */
async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source;
}

/** Each component percent-encoded: every name the namespace can hold is a URL. */
export const encodePath = (path: string): string =>
  path
    .split('/')
    .map((component) => encodeURIComponent(component))
    .join('/');

/** A header carries visible ASCII only; a comma would end a group, a percent sign means this. */
const headerText = (name: string): string =>
  /^[!-$&-+\--~]*$/.test(name) ? name : encodeURIComponent(name);

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Nobody will read this body, so its early end is not a failure. */
function abandon({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined);
  body.destroy();
}

const changedMeanwhile = (path: string): OrchardError =>
  new OrchardError('ABORTED', 'The file has changed while it was read.', {
    path,
    hint: 'Read it again.',
  });

function transferError(thrown: unknown, path: string): OrchardError {
  if (thrown instanceof OrchardError) return thrown;
  const error = thrown as Error & { code?: string };
  if (error.name === 'AbortError') {
    return new OrchardError('CANCELLED', 'The transfer was aborted.', { path, cause: thrown });
  }
  if (error.name === 'TimeoutError') {
    return new OrchardError('DEADLINE_EXCEEDED', 'The transfer took longer than its time limit.', {
      path,
      cause: thrown,
    });
  }
  const isNetwork = /^(ECONN|EPIPE|ENOTFOUND|EAI_|UND_ERR_)/.test(error.code ?? '');
  if (!isNetwork) return asOrchardError(thrown);
  const reason = `The transfer failed: ${error.message || error.code}.`;
  return new OrchardError('UNAVAILABLE', reason, { path, cause: thrown });
}

/** Reads the error of a failed answer; the body says more than the status. */
async function refuseFailure(response: Dispatcher.ResponseData, path: string): Promise<void> {
  if (response.statusCode < 300) return;
  const detail = detailOf(await textOf(response));
  const given = detail['code'];
  const code =
    typeof given === 'string' && given in Code
      ? (given as CodeName)
      : codeOfHttp(response.statusCode);
  const reason = detail['reason'] ?? detail['message'] ?? `HTTP status ${response.statusCode}`;
  throw new OrchardError(code, String(reason), {
    path: typeof detail['path'] === 'string' ? detail['path'] : path,
    hint: typeof detail['hint'] === 'string' ? detail['hint'] : undefined,
    retryAfterMs: typeof detail['retryAfterMs'] === 'number' ? detail['retryAfterMs'] : undefined,
  });
}

async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes > ERROR_BODY_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON with code, reason, path and hint; other text is the reason. */
function detailOf(text: string): Record<string, unknown> {
  const reason = text.trim() === '' ? {} : { reason: text.trim() };
  if (!text.startsWith('{')) return reason;
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const inner = parsed['error'];
    return typeof inner === 'object' && inner !== null
      ? (inner as Record<string, unknown>)
      : parsed;
  } catch {
    return reason;
  }
}
