/**
 * Clients that misbehave: one that never reads, thousands that come and go or stop half-way through
 * a handshake or a frame, abandoned listings, and thousands of calls at once. Each function does
 * its worst and reports what it saw. `problems` is empty if the master held no more than it may and
 * others noticed nothing.
 *
 * Plain functions over any running master, for the tests and for the soak:
 *   const { figures, samples, problems } = await silentReader(master, { directory: '/d' });
 */
import { connect, type Socket } from 'node:net';
import type { OrchardClient } from '../../src/client/index.js';
import * as wire from '../../src/wire/generated/index.js';
import { frame, WireClient } from '../net/wire-client.js';
import { encodeRequest } from '../wire/samples.js';
import { Probe, type Sample, type Watched } from './probe.js';

export type Finding = {
  readonly figures: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly problems: readonly string[];
};

const MIB = 2 ** 20;
/** Unread replies of one connection, and other garbage of a burst. */
const SILENT_BYTES_MAX = 64 * MIB + 96 * MIB;
const PAUSE_MS = 20;

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** A directory with so many files, for listings. */
export async function fill(client: OrchardClient, directory: string, files: number): Promise<void> {
  await client.createDirectory(directory, { allowExists: true });
  const paths = Array.from({ length: files }, (_, i) => `${directory}/file-${i}`);
  for (let from = 0; from < files; from += 500) {
    const batch = paths.slice(from, from + 500).map((path) => ({ path, overwrite: true }));
    await client.batchCreate(batch);
  }
}

/** Asks for listings and statuses without end, and never reads a reply. */
export async function silentReader(
  master: Watched,
  { directory, forMs = 5000 }: { readonly directory: string; readonly forMs?: number },
): Promise<Finding> {
  const other = await master.connect();
  const probe = new Probe(master, other);
  const before = await probe.take(0);
  const silent = await WireClient.greeted(master.rpcPort, 'root');
  silent.socket.pause();
  let asked = 1;
  let slowestMs = 0;
  const end = performance.now() + forMs;
  while (performance.now() < end && !silent.closed) {
    // Bytes that the master does not take wait in this process: they must not be measured.
    if (silent.socket.writableLength < MIB) {
      const burst = Array.from({ length: 8000 }, (_, i) =>
        request(++asked, directory, i % 400 === 0),
      );
      silent.socket.write(Buffer.concat(burst));
    }
    const began = performance.now();
    await other.getStatus(directory);
    slowestMs = Math.max(slowestMs, performance.now() - began);
    await probe.take(asked);
    await pause(PAUSE_MS);
  }
  const { closed } = silent;
  silent.destroy();
  const after = await settled(probe, before, asked);
  await other.close();
  const peak = Math.max(...probe.samples.map(({ residentBytes }) => residentBytes));
  const peakBytes = peak - before.residentBytes;
  const problems = [
    ...(peakBytes > SILENT_BYTES_MAX ? [`${peakBytes} bytes for one that never reads`] : []),
    ...(slowestMs > 1000 ? [`another client waited ${slowestMs} ms`] : []),
    ...leftBehind(before, after),
  ];
  const figures = { asked, closed: closed ? 1 : 0, peakBytes, slowestMs };
  return { figures, samples: probe.samples, problems };
}

function request(call: number, path: string, lists: boolean): Buffer {
  if (!lists) return frame(encodeRequest(call, 'GetStatus', new wire.GetStatusT(path)));
  const body = Object.assign(new wire.ListStatusT(path), { stream: true });
  return frame(encodeRequest(call, 'ListStatus', body));
}

const UPGRADE =
  'GET /rpc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
/** How far a connection comes before it is dropped. */
const WAYS = ['nothing', 'half an upgrade', 'no hello', 'half a frame', 'greeted'] as const;

/** Opens and drops connections of all kinds, `wide` at a time. */
export async function connectionStorm(
  master: Watched,
  { count, wide = 100 }: { readonly count: number; readonly wide?: number },
): Promise<Finding> {
  const other = await master.connect();
  const probe = new Probe(master, other);
  // A first wave, so that what is made once is there.
  await wave(master.rpcPort, wide);
  const before = await settled(probe, undefined, 0);
  const began = performance.now();
  let slowestMs = 0;
  for (let opened = 0; opened < count; opened += wide) {
    await wave(master.rpcPort, wide);
    const asked = performance.now();
    await other.ping();
    slowestMs = Math.max(slowestMs, performance.now() - asked);
    if (opened % (wide * 5) === 0) await probe.take(opened);
  }
  const perMinute = Math.round((count / (performance.now() - began)) * 60_000);
  const after = await settled(probe, before, count);
  await other.close();
  const problems = [
    ...(slowestMs > 1000 ? [`another client waited ${slowestMs} ms`] : []),
    ...leftBehind(before, after),
  ];
  return { figures: { count, perMinute, slowestMs }, samples: probe.samples, problems };
}

async function wave(port: number, wide: number): Promise<void> {
  const all = Array.from({ length: wide }, (_, i) => open(port, WAYS[i % WAYS.length]!));
  for (const socket of await Promise.all(all)) socket.destroy();
}

async function open(port: number, way: (typeof WAYS)[number]): Promise<Socket> {
  if (way === 'greeted') return (await WireClient.greeted(port, 'root')).socket;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  if (way === 'nothing') return socket;
  socket.write(way === 'half an upgrade' ? UPGRADE.slice(0, 60) : UPGRADE);
  if (way === 'half an upgrade') return socket;
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  if (way === 'half a frame') socket.write(request(2, '/', false).subarray(0, 20));
  return socket;
}

/** Streams of a large directory, given up after their first page by Cancel or by going away. */
export async function abandonedListings(
  master: Watched,
  { directory, times }: { readonly directory: string; readonly times: number },
): Promise<Finding> {
  const other = await master.connect();
  const probe = new Probe(master, other);
  const before = await probe.take(0);
  let rewritten = 0;
  for (let i = 0; i < times; i++) {
    const reader = await WireClient.greeted(master.rpcPort, 'root');
    const body = Object.assign(new wire.ListStatusT(directory), { stream: true, pageSize: 100 });
    reader.send(encodeRequest(2, 'ListStatus', body));
    await reader.until(() => reader.replies.some(({ call }) => call === 2));
    reader.socket.pause();
    if (i % 2 === 0) reader.send(encodeRequest(3, 'Cancel', new wire.CancelT(2)));
    // Pages of tier 2 that a kept snapshot would stop from being used again.
    const paths = Array.from({ length: 200 }, (_, n) => `${directory}/file-${n}`);
    const mode = 0o600 + (i % 8);
    await Promise.all(paths.map((path) => other.setAttribute(path, { mode })));
    rewritten += paths.length;
    reader.destroy();
    if (i % 5 === 4) await probe.take(i + 1);
  }
  const after = await settled(probe, before, times);
  await other.close();
  return {
    figures: { times, rewritten },
    samples: probe.samples,
    problems: leftBehind(before, after),
  };
}

/** More calls in one write than a connection may have in flight: all are answered, some refused. */
export async function callsAtOnce(
  master: Watched,
  { directory, calls }: { readonly directory: string; readonly calls: number },
): Promise<Finding> {
  const other = await master.connect();
  const probe = new Probe(master, other);
  await other.createDirectory(directory, { allowExists: true });
  const before = await probe.take(0);
  const client = await WireClient.greeted(master.rpcPort, 'root');
  const frames = Array.from({ length: calls }, (_, i) => {
    const body = new wire.CreateFileT(`${directory}/call-${i}`);
    return frame(encodeRequest(i + 2, 'CreateFile', body));
  });
  client.socket.write(Buffer.concat(frames));
  await client.until(() => client.replies.length > calls);
  const codes = client.replies.slice(1).map(({ code }) => code);
  const made = codes.filter((code) => code === 0).length;
  const refused = codes.filter((code) => code === 8).length;
  client.destroy();
  const { entries } = await listed(other, directory);
  await other.delete(directory, { recursive: true, skipTrash: true });
  const after = await settled(probe, before, calls);
  await other.close();
  const problems = [
    ...(made + refused === calls ? [] : [`${calls - made - refused} calls ended otherwise`]),
    ...(entries === made ? [] : [`${made} creates were acknowledged, ${entries} are there`]),
    ...leftBehind(before, after),
  ];
  return { figures: { calls, made, refused }, samples: probe.samples, problems };
}

async function listed(client: OrchardClient, directory: string): Promise<{ entries: number }> {
  let entries = 0;
  for await (const page of client.listPages(directory)) entries += page.entries.length;
  return { entries };
}

const SETTLE_MS_MAX = 15_000;

/** A sample after the master has released what it can, or after a while. */
async function settled(
  probe: Probe,
  before: Sample | undefined,
  operations: number,
): Promise<Sample> {
  const end = performance.now() + (before === undefined ? 500 : SETTLE_MS_MAX);
  for (;;) {
    const sample = await probe.take(operations);
    const isBack = before !== undefined && leftBehind(before, sample).length === 0;
    if (isBack || performance.now() > end) return sample;
    await pause(250);
  }
}

/** What is still held some time after all clients have gone. */
function leftBehind(before: Sample, after: Sample): string[] {
  const more = (
    measure: 'descriptors' | 'residentBytes' | 'tier2Bytes',
    most: number,
  ): string[] => {
    const by = after[measure] - before[measure];
    return by > most ? [`${measure}: ${by} more than before`] : [];
  };
  return [
    ...more('descriptors', 0),
    ...more('residentBytes', SILENT_BYTES_MAX),
    ...more('tier2Bytes', 4 * MIB),
  ];
}
