/** The options of OrchardClient.connect, and their defaults. */
import { userInfo } from 'node:os';
import { checkBody } from '../wire/body-check.js';
import { RequestBody } from '../wire/generated/index.js';
import { asOrchardError, OrchardError } from './errors.js';
import { type Transport, webSocketTransport } from './transport.js';

export type ConnectOptions = {
  /** `ws://host:port` or `http://host:port`; instead of host and port. */
  readonly url?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The port for calls; default 19998. */
  readonly port?: number;
  /** The port for file data; default 19999. */
  readonly httpPort?: number;
  /** Default: the user of this process. */
  readonly user?: string;
  readonly groups?: readonly string[];
  /**
   * Below 2^53; default random. A client with the same id gets the answers to its repeated calls.
   */
  readonly clientId?: number;
  /** A name for people who look at connections. */
  readonly clientName?: string;
  /** For calls without a deadline of their own; default 60 s, 0 = none. */
  readonly deadlineMs?: number;
  /** For calls that may take long: loads, mounts, listings, recursive changes. Default none. */
  readonly longDeadlineMs?: number;
  /** For the first connection; default 10 s. */
  readonly connectMs?: number;
  /** For one attempt at a connection; default connectMs, at most 5 s. */
  readonly openMs?: number;
  /** Default 60 s; after it, the calls that wait for a connection fail. */
  readonly reconnectMs?: number;
  /** Unanswered calls at a time; the master may allow fewer. Default 256. */
  readonly inFlightMax?: number;
  /** Calls that wait for their turn; further ones are refused. Default 65,536. */
  readonly queueMax?: number;
  /** Silence after which the master is asked whether it is alive; default 10 s. */
  readonly silenceMs?: number;
  readonly transport?: Transport;
};

/** Another client on the same connection. */
export type SessionOptions = {
  readonly user: string;
  readonly groups?: readonly string[];
  /** Below 2^53; default random. */
  readonly clientId?: number;
  readonly clientName?: string;
};

export type ResolvedOptions = Required<
  Omit<ConnectOptions, 'url' | 'host' | 'port' | 'httpPort'>
> & {
  readonly rpcUrl: string;
  readonly httpOrigin: string;
};

const RPC_PORT_DEFAULT = 19_998;
const HTTP_PORT_DEFAULT = 19_999;
const OPEN_MS_DEFAULT = 5_000;
const OPEN_SCHEMES: Readonly<Record<string, string>> = {
  'ws:': 'ws:',
  'http:': 'ws:',
  'orchard:': 'ws:',
  'wss:': 'wss:',
  'https:': 'wss:',
};

export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const { scheme, host, port } = addressOf(options);
  const connectMs = options.connectMs ?? 10_000;
  const httpScheme = scheme === 'wss:' ? 'https:' : 'http:';
  const greeting = {
    user: options.user ?? processUser(),
    groups: options.groups ?? [],
    clientId: options.clientId ?? randomClientId(),
    clientName: options.clientName ?? 'orchard-client',
  };
  const refusal = checkBody(RequestBody.Hello, greeting);
  if (refusal !== undefined) throw asOrchardError(refusal);
  return {
    ...greeting,
    rpcUrl: `${scheme}//${host}:${port}/rpc`,
    httpOrigin: `${httpScheme}//${host}:${options.httpPort ?? HTTP_PORT_DEFAULT}`,
    deadlineMs: options.deadlineMs ?? 60_000,
    longDeadlineMs: options.longDeadlineMs ?? 0,
    connectMs,
    openMs: options.openMs ?? Math.min(OPEN_MS_DEFAULT, connectMs),
    reconnectMs: options.reconnectMs ?? 60_000,
    inFlightMax: options.inFlightMax ?? 256,
    queueMax: options.queueMax ?? 65_536,
    silenceMs: options.silenceMs ?? 10_000,
    transport: options.transport ?? webSocketTransport,
  };
}

function addressOf(options: ConnectOptions): { scheme: string; host: string; port: number } {
  if (options.url === undefined) {
    const host = options.host ?? '127.0.0.1';
    const isBareIpv6 = host.includes(':') && !host.startsWith('[');
    const port = options.port ?? RPC_PORT_DEFAULT;
    const address = isBareIpv6 ? `[${host}]` : host;
    if (!URL.canParse(`ws://${address}:${port}`)) throw noAddress(`${address}:${port}`);
    return { scheme: 'ws:', host: address, port };
  }
  const match = /^([a-z]+:)\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?\/?/i.exec(options.url);
  const scheme = OPEN_SCHEMES[match?.[1]?.toLowerCase() ?? ''];
  if (match === null || scheme === undefined || !URL.canParse(options.url)) {
    throw noAddress(options.url);
  }
  return { scheme, host: match[2]!, port: Number(match[3] ?? options.port ?? RPC_PORT_DEFAULT) };
}

const noAddress = (text: string): OrchardError =>
  new OrchardError('INVALID_ARGUMENT', `"${text}" is not the address of a master.`, {
    hint: 'Write it as ws://host:19998.',
  });

/** A user id without a name (in a container) is shown as its number. */
function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** 53 random bits, never 0. */
export function randomClientId(): number {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return (words[0]! & 0x1f_ffff) * 2 ** 32 + (words[1]! | 1);
}
