/**
 * Every kind of request finds what handles it: over a real namespace, with services that answer.
 * A row that is missing in the handler's table fails here by name.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code, codeName } from '../../../src/base/status.js';
import type { JobView, ShardServices } from '../../../src/master/handler/services.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { type BatchReplyT, ReplyBody, SetAttributeT } from '../../../src/wire/generated/index.js';
import { operations } from '../../../src/wire/operations.js';
import { Verbs } from '../../support/verbs.js';
import { WireMaster } from '../../support/wire-master.js';
import { requestBodies } from '../../wire/samples.js';

const job: JobView = {
  job: 7,
  kind: 'load',
  state: 1,
  done: 3,
  total: 3,
  failed: 0,
  bytes: 10,
  path: '/a',
  failures: [],
  startedMs: 1,
  endedMs: 2,
};

/** What was asked of the services, by name. */
let asked: string[] = [];
const told =
  <T>(name: string, answer: T) =>
  (): Promise<T> => {
    asked.push(name);
    return Promise.resolve(answer);
  };

const services: ShardServices = {
  mount: told('mount', 5),
  unmount: told('unmount', 6),
  updateMount: told('updateMount', 7),
  setAttributes: (call) => {
    call.onProgress?.({ ...job, path: '/half' });
    return told('setAttributes', job)();
  },
  load: told('load', job),
  getJob: told('getJob', job),
  cancelJob: told('cancelJob', job),
  listJobs: told('listJobs', [job, job]),
  trash: told('trash', { entries: 0 }),
  inspect: told('inspect', { seq: 1 }),
  report: (_call, which) => told(which, { which })(),
};

let master: WireMaster;
beforeEach(() => {
  asked = [];
  master = new WireMaster({}, services);
});
afterEach(() => master.close());

const mine = operations.filter(({ lane }) => lane !== 'session');

describe('every kind of request', () => {
  test.each(mine.map((operation) => [operation.name, operation] as const))(
    '%s is answered with its reply or an expected failure',
    async (name, operation) => {
      const sample = requestBodies.find(([of]) => of === name)!;
      const port = master.send(name, sample[1]);
      await master.fixture.until(() => port.ended);
      const last = port.replies.at(-1)!;
      expect(codeName(last.code)).not.toBe('INTERNAL');
      expect(codeName(last.code)).not.toBe('UNIMPLEMENTED');
      expect(last.more).toBe(false);
      if (last.code === 0) expect(last.bodyType).toBe(operation.reply);
      else expect(last.error?.reason).not.toBe('');
    },
  );

  test('what the services answer comes back', async () => {
    for (const [name, body] of requestBodies) {
      if (mine.every((operation) => operation.name !== name)) continue;
      const port = master.send(name, body);
      await master.fixture.until(() => port.ended);
    }
    expect(asked).toEqual([
      'setAttributes',
      'trash',
      'load',
      'getJob',
      'cancelJob',
      'listJobs',
      'mount',
      'unmount',
      'updateMount',
      'report',
      'locks',
      'journal',
      'config',
      'inspect',
    ]);
  });

  test('progress comes before the answer when it was asked for', async () => {
    const sample = requestBodies.find(([of]) => of === 'SetAttribute')!;
    const port = master.send('SetAttribute', sample[1]);
    await master.fixture.until(() => port.ended);
    expect(port.replies.map(({ bodyType, more }) => [bodyType, more])).toEqual([
      [ReplyBody.Progress, true],
      [ReplyBody.Empty, false],
    ]);
  });

  test('a master without disk refuses changes, and names why', async () => {
    await new Verbs(master).file('/a/f');
    master.fixture.shared.store(CONTROL.READ_ONLY, 1);
    for (const { name, kind, lane } of mine) {
      const [, body] = requestBodies.find(([of]) => of === name)!;
      // A whole subtree is a job, which main refuses.
      if (body instanceof SetAttributeT) body.recursive = false;
      const port = master.send(name, body);
      await master.fixture.until(() => port.ended);
      const { code, error } = port.replies.at(-1)!;
      // Main does these, and refuses them by the same rule: see read-only.test.ts.
      if (['Trash', 'Load', 'Mount', 'Unmount', 'UpdateMount'].includes(name)) continue;
      if (name === 'BatchCreate') {
        // Each file counts for itself.
        const { results } = port.replies.at(-1)!.body as BatchReplyT;
        expect(results.map((result) => result.code)).toEqual([
          Code.FAILED_PRECONDITION,
          Code.FAILED_PRECONDITION,
        ]);
      } else if (kind === 'write' && lane !== 'admin') {
        expect([name, code]).toEqual([name, Code.FAILED_PRECONDITION]);
        expect(error?.reason).toContain('ORCHARD_DISK_RESERVE_BYTES');
      } else {
        expect([name, code]).not.toEqual([name, Code.FAILED_PRECONDITION]);
      }
    }
  });
});
