/**
 * Damaged frames over real sockets. Goal: whatever comes, the thread answers well-formed calls,
 * and no exception reaches the bug callback. Method: connections send mutated messages of every
 * kind, many frames a write, and a well-formed call after each burst, which must be answered. The
 * handler decodes every field of what the verifier let through.
 * ORCHARD_FUZZ_FRAMES=1000000 sends more (the soak sends ten million), ORCHARD_FUZZ_SEED repeats a
 * run.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRAME_BYTES_MAX } from '../../src/base/limits.js';
import { rpcLimitsDefault } from '../../src/net/rpc-limits.js';
import { GetStatusT } from '../../src/wire/generated/index.js';
import { Extremes, memberNames } from '../wire/extremes.js';
import { mutate, Random } from '../wire/mutate.js';
import { encodeRequest, requestBodies } from '../wire/samples.js';
import { type Fixture, startEdge } from './edge-fixture.js';
import { frame, WireClient } from './wire-client.js';

const seed = Number(process.env['ORCHARD_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const framesMax = Number(process.env['ORCHARD_FUZZ_FRAMES'] ?? 100_000);
const connectionCount = 8;
const burst = 400;

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startEdge();
  fixture.handler.streamPages = 2;
  fixture.handler.streamPageBytes = 100;
});
afterAll(() => fixture.server.close());

/**
 * All kinds, also Hello and Cancel: the edge must refuse the one and find nothing to cancel. Each
 * for the connection itself and for sessions, which the damaged frames open and close at will.
 */
const samples = requestBodies.flatMap(([name, body], i) => [
  encodeRequest(1000 + i, name, body, i),
  encodeRequest(2000 + i, name, body, i, 1 + (i % 3)),
]);

/** One in sixteen is well-formed, with fields set to extremes; the others are damaged. */
function draw(random: Random, extremes: Extremes): Uint8Array {
  const name = memberNames[random.below(memberNames.length)]!;
  const extreme =
    random.below(16) === 0 ? extremes.frame(name, 3000 + random.below(99)) : undefined;
  // A larger one ends the connection, which is another test's business.
  if (extreme !== undefined && extreme.length <= FRAME_BYTES_MAX) return extreme;
  return mutate(samples[random.below(samples.length)]!, random);
}

/** Sends bursts until its share is done; the last frame of each burst must be answered with ok. */
async function attack(client: WireClient, random: Random, frames: number): Promise<void> {
  let answered = false;
  const probe = 2 ** 40;
  client.onFrame = (payload) => {
    if (payload.indexOf(probeBytes) !== -1) answered = true;
  };
  const wellFormed = encodeRequest(probe, 'GetStatus', new GetStatusT('/now'));
  const probeBytes = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0]);
  const extremes = new Extremes(random);
  for (let sent = 0; sent < frames; sent += burst) {
    const parts: Buffer[] = [];
    for (let i = 0; i < Math.min(burst, frames - sent); i++) {
      parts.push(frame(draw(random, extremes)));
    }
    parts.push(frame(wellFormed));
    answered = false;
    client.socket.write(Buffer.concat(parts));
    await client.until(() => answered);
  }
}

describe(`${framesMax} damaged frames, seed ${seed}`, () => {
  it('do no harm', { timeout: 240_000 }, async () => {
    const clients = await Promise.all(
      Array.from({ length: connectionCount }, () => WireClient.greeted(fixture.server.port)),
    );
    const share = Math.ceil(framesMax / connectionCount);
    await Promise.all(clients.map((client, i) => attack(client, new Random(seed + i), share)));

    const { counters } = fixture.server;
    expect(fixture.bugs).toEqual([]);
    expect(counters.framesIn).toBeGreaterThanOrEqual(framesMax);
    expect(counters.malformed).toBeGreaterThan(framesMax / 10);
    expect(fixture.handler.handled).toBeGreaterThan(framesMax / 100);
    expect(counters.connections).toBe(connectionCount);
    const { sessionsMax } = rpcLimitsDefault;
    expect(counters.sessions).toBeGreaterThan(0);
    expect(counters.sessions).toBeLessThanOrEqual(connectionCount * sessionsMax);
    for (const client of clients) client.destroy();
  });
});
