/**
 * Whatever a request holds, it is answered, and the next one too. Goal: no value of any field trips
 * an assertion behind the edge, on the fast path or the slow. Method: frames of every kind with
 * fields set to the extremes of their types and rules (test/wire/extremes.ts draws them from the
 * schema), at a real handler with both tiers, journal, writer and flusher; restarts in between.
 * A kernel that takes what the table refuses fails in WireMaster.
 */
import { afterEach, expect, test } from 'vitest';
import { codeName } from '../../../src/base/status.js';
import { CreateDirectoryT, GetStatusT } from '../../../src/wire/generated/index.js';
import { requestMembers } from '../../../src/wire/generated/request-fields.js';
import { operationOf } from '../../../src/wire/operations.js';
import { Verbs } from '../../support/verbs.js';
import { WireMaster } from '../../support/wire-master.js';
import { Extremes, memberNames } from '../../wire/extremes.js';
import { Random } from '../../wire/mutate.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 2 ** 31);
const framesEach = Number(process.env['ORCHARD_TEST_EXTREMES'] ?? 60);

let master: WireMaster;
afterEach(() => master.close());

const names = memberNames.filter((name) => operationOf(requestMembers[name])?.lane !== 'session');

test(`A1, B1: extremes of every field of every request are answered (seed ${seed})`, async () => {
  master = new WireMaster();
  await new Verbs(master).file('/a/b/c');
  const extremes = new Extremes(new Random(seed));
  const { root, alice } = master.fixture;
  let call = 1000;
  for (let round = 0; round < framesEach; round++) {
    master.fast = round % 3 !== 0;
    for (const name of names) {
      const caller = { ...(round % 2 === 0 ? root : alice), clientId: 7 };
      const port = master.sendFrame(extremes.frame(name, ++call), { caller });
      await master.fixture.until(() => port.ended);
      const { code, error } = port.replies.at(-1)!;
      expect(codeName(code), `${name}: ${String(error?.reason)}`).not.toBe('INTERNAL');
    }
    if (round === framesEach >> 1) await master.restart();
    // Deletes and renames of the draw leave less and less: one tree is made anew.
    await master.ask('CreateDirectory', new CreateDirectoryT('/a/b', true, true));
  }
  master.fixture.flush();
  await master.ask('GetStatus', new GetStatusT('/a/b'));
}, 120_000);
