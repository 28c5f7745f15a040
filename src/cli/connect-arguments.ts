/** Which master, who asks and how long to wait: from options and environment to the client's. */
import { isIPv6 } from 'node:net';
import { formatDurationMs, parseDurationMs } from '../base/quantity.js';
import type { ConnectOptions } from '../client/index.js';
import type { CliIo } from './io.js';
import { UsageError } from './usage-error.js';

export type GlobalOptions = {
  readonly host?: string;
  readonly port?: string;
  readonly httpPort?: string;
  readonly user?: string;
  readonly groups?: string;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
};

/** How long a master that refuses is tried again, and one that says nothing is waited for. */
const CONNECT_MS_DEFAULT = 1_000;
const OPEN_MS_DEFAULT = 5_000;
/** `--timeout 0`: as long as timers can be set. */
const CONNECT_MS_MAX = 2 ** 31 - 1;

export function connectOptions(globals: GlobalOptions, io: CliIo): ConnectOptions {
  const { env } = io;
  const groups = globals.groups ?? env['ORCHARD_GROUPS'];
  const user = userOf(globals, io);
  // The groups of this process are those of its own user only.
  const groupsDefault = user === io.user ? io.groups : [];
  const deadlineMs = durationOf(globals.timeout);
  const port = portOf('--port', globals.port ?? env['ORCHARD_RPC_PORT']);
  const httpPort = portOf('--http-port', globals.httpPort ?? env['ORCHARD_HTTP_PORT']);
  const [name, inHost] = hostOf(globals.host ?? env['ORCHARD_HOST'] ?? '');
  return {
    ...(name !== undefined && { host: name }),
    ...((port ?? inHost) !== undefined && { port: (port ?? inHost)! }),
    ...(httpPort !== undefined && { httpPort }),
    user,
    groups: groups === undefined ? groupsDefault : groups.split(',').filter((one) => one !== ''),
    ...(deadlineMs !== undefined && { deadlineMs, longDeadlineMs: deadlineMs }),
    ...(deadlineMs === undefined
      ? { connectMs: CONNECT_MS_DEFAULT, openMs: OPEN_MS_DEFAULT }
      : { connectMs: deadlineMs || CONNECT_MS_MAX }),
    clientName: `orchard-cli/${io.version}`,
  };
}

function userOf(globals: GlobalOptions, io: CliIo): string {
  if (globals.user === '') throw new UsageError('--user "": no name', '--user alice');
  return globals.user ?? (io.env['ORCHARD_USER'] || io.user);
}

/** `host`, `host:port`, `::1`, `[::1]:port`, with or without a scheme. */
function hostOf(text: string): [string | undefined, number | undefined] {
  const address = text.replace(/^[a-z]+:\/\/([^/]*)\/?$/i, '$1');
  if (isIPv6(address)) return [reachable(address), undefined];
  const match = /^(?:\[([^\]]*)\]|([\p{L}\p{N}._-]*))(?::(\d+))?$/u.exec(address);
  const [, six, name, port] = match ?? [];
  if (match === null || (six !== undefined && !isIPv6(six))) {
    const hint = 'a name or an address: 10.0.0.7, master:19998, [::1]:19998';
    throw new UsageError(`--host ${text}: not a host`, hint);
  }
  return [reachable(six ?? name ?? ''), portOf('--host', port)];
}

/** Where a master listens on all addresses, this machine reaches it by the loopback. */
function reachable(host: string): string | undefined {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host || undefined;
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`${option} ${text}: not a port`, 'a number from 1 to 65535');
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--timeout ${text}: not a duration`,
    `one like ${formatDurationMs(30_000)} or ${formatDurationMs(600_000)}`,
  );
}
