/**
 * One process for each port. The threads of a master share their port by SO_REUSEPORT. The kernel
 * then also lets in any other process of the same user, and splits the clients between the two. So
 * a port is claimed before the master listens on it:
 *
 *   probe    listens without sharing for a moment: fails if anybody listens there now
 *   claim    an abstract socket, named for port and address, held until the process ends: keeps out
 *            whoever begins at the same time, and whoever comes later
 *   look     at the claims of all processes of this network namespace: 0.0.0.0 and an address
 *            overlap. Each claims first and looks then, so of two at least one sees the other
 *
 * Systems without abstract sockets (other than Linux) have only the probe.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import { Code, StatusError } from '../base/status.js';

export type PortRequest = {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What sets the port, for messages. */
  readonly setting: string;
};

const FREE_TRIES_MAX = 16;
const CLAIMS_FILE = '/proc/net/unix';
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** The port, which is this process's until it ends. Rejects with StatusError. */
export async function claimPort(request: PortRequest): Promise<number> {
  for (let tries = 1; ; tries++) {
    const probe = await listening({
      host: request.host,
      port: request.port,
      exclusive: true,
    }).catch((error: unknown) => {
      throw notBound(request, error as NodeJS.ErrnoException);
    });
    const { address, port } = probe.address() as AddressInfo;
    const isMine = await claim(port, plain(address));
    await closed(probe);
    if (isMine) return port;
    if (request.port !== 0 || tries === FREE_TRIES_MAX) throw taken(request, port);
  }
}

async function claim(port: number, address: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const name = `${claimPrefix(port)}${address}`;
  const held = await listening({ path: `\0${name}` }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') return undefined;
    throw error;
  });
  if (held === undefined) return false;
  // Nobody connects to it, and it keeps no process alive.
  held.unref();
  const others = claimsOf(port).filter((other) => other !== address);
  const isShared = others.some((other) => overlap(other, address));
  if (isShared) await closed(held);
  return !isShared;
}

const claimPrefix = (port: number): string => `orchard-port-${port}-`;

/** The addresses at which processes of this network namespace have claimed the port. */
function claimsOf(port: number): string[] {
  const found = readFileSync(CLAIMS_FILE, 'latin1').matchAll(/ @orchard-port-(\d+)-([^@\s]+)/g);
  return [...found].filter(([, of]) => Number(of) === port).map(([, , address]) => address!);
}

const overlap = (one: string, other: string): boolean =>
  WILDCARDS.includes(one) || WILDCARDS.includes(other);

/** An IPv4 address as such, also when an IPv6 socket has it. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

function listening(options: ListenOptions): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => resolve(server));
  });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

function taken({ host, setting }: PortRequest, port: number): StatusError {
  return new StatusError(
    Code.FAILED_PRECONDITION,
    `Port ${port} of ${host} (${setting}) is in use by another process.`,
    { hint: `Stop that process (\`ss -ltnp\` shows it), or set ${setting} to another port.` },
  );
}

function notBound(request: PortRequest, error: NodeJS.ErrnoException): StatusError {
  const { host, port, setting } = request;
  if (error.code === 'EADDRINUSE') return taken(request, port);
  if (error.code === 'EACCES') {
    return new StatusError(Code.PERMISSION_DENIED, `Port ${port} (${setting}) needs privileges.`, {
      hint: `Set ${setting} to a port of 1024 or above.`,
    });
  }
  return new StatusError(
    Code.FAILED_PRECONDITION,
    `Cannot listen on port ${port} of ${host}: ${error.code ?? error.message}.`,
    { hint: `Check ORCHARD_HOST, which must be an address of this machine, and ${setting}.` },
  );
}
