/**
 * The master in one thread as a subject of the model check: the public client calls its RpcHandler
 * through a transport without sockets. Slow paths are forced: look-ups that miss, walks that seem
 * to have raced, flushes after every few steps.
 */
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Code, StatusError } from '../../src/base/status.js';
import { OrchardClient, type Transport } from '../../src/client/index.js';
import { SetAttributeTree } from '../../src/master/background/set-attribute-tree.js';
import type { ServiceCall, ShardServices } from '../../src/master/handler/services.js';
import { ShardHandler } from '../../src/master/handler/shard-handler.js';
import type { KernelExports } from '../../src/master/memory/exports.js';
import { WalkStatus } from '../../src/master/memory/exports.js';
import { type Answer, submitted } from '../../src/master/ops/mechanism/promise-calls.js';
import { Mount } from '../../src/master/ops/verbs/mount.js';
import { Unmount } from '../../src/master/ops/verbs/unmount.js';
import { encodeWelcome, readHello } from '../../src/net/handshake.js';
import type { ReplyPort, Session } from '../../src/net/rpc-handler.js';
import { rpcLimitsDefault } from '../../src/net/rpc-limits.js';
import { ReplyEncoder } from '../../src/wire/encode.js';
import { RequestBody } from '../../src/wire/generated/index.js';
import { checkRequest } from '../../src/wire/request-check.js';
import { RequestCursor } from '../../src/wire/request-cursor.js';
import { Verdict, verifyRequest } from '../../src/wire/verify.js';
import { StoreFixture } from '../master/background/store-fixture.js';
import { checkIdIndex } from './id-index-check.js';
import { GROUPS, type User } from './step.js';
import { PATIENCE, type Subject } from './subject.js';

export type Pressure = {
  readonly tier1Bytes: number;
  /** Steps between two flushes; 0: only when a call waits for one. */
  readonly flushEvery: number;
  /** One walk in this many seems to have raced with a rename; 0: none. */
  readonly raceOneIn: number;
};

/** A call without an answer by then will never get one; some calls wait for a file system. */
const ANSWER_MS_MAX = 30_000;

export class FixtureSubject implements Subject {
  readonly name: string;
  readonly #stores: StoreFixture;
  readonly #pressure: Pressure;
  readonly #clients = new Map<User, OrchardClient>();
  readonly #services: ShardServices;
  #handler: ShardHandler;
  #stepsSinceFlush = 0;

  static async open(name: string, pressure: Pressure): Promise<FixtureSubject> {
    const stores = await StoreFixture.open({
      tier1Bytes: pressure.tier1Bytes,
      flushSlotsMax: 16,
      trashRetentionMs: 3_600_000,
      kernelOf: (kernel) => harried(kernel, pressure.raceOneIn),
    });
    const subject = new FixtureSubject(name, pressure, stores);
    for (const user of Object.keys(GROUPS) as User[]) await subject.#connect(user);
    return subject;
  }

  private constructor(name: string, pressure: Pressure, stores: StoreFixture) {
    this.name = name;
    this.#pressure = pressure;
    this.#stores = stores;
    this.#services = servicesOf(stores);
    this.#handler = this.#newHandler();
  }

  client(user: User): OrchardClient {
    return this.#clients.get(user)!;
  }

  async store(sequence: number, index: number): Promise<string> {
    const uri = await this.#stores.fill(`${sequence}-${index}`, []);
    chmodSync(fileURLToPath(uri), 0o777);
    return uri;
  }

  async settle<T>(work: () => Promise<T>): Promise<T> {
    const { flushEvery } = this.#pressure;
    if (flushEvery > 0 && ++this.#stepsSinceFlush >= flushEvery) this.flush();
    let settled = false;
    const done = work().finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    const until = performance.now() + ANSWER_MS_MAX;
    while (!settled) {
      if (performance.now() > until) throw new Error(`no answer within ${ANSWER_MS_MAX} ms`);
      this.#stores.fixture.pump();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  }

  flush(): void {
    this.#stepsSinceFlush = 0;
    this.#stores.fixture.flush();
  }

  /** Every second time tier 2 has everything, and tier 1 begins empty. */
  async crash(): Promise<void> {
    await this.#stores.fixture.restart({ flushed: Math.random() < 0.5 });
    this.#handler = this.#newHandler();
  }

  check(): void {
    checkIdIndex(this.#stores.fixture);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close({ withinMs: 0 });
    await this.#stores.close();
  }

  #newHandler(): ShardHandler {
    return new ShardHandler({
      scheduler: this.#stores.fixture.schedulers[0]!,
      services: this.#services,
      onBug: rethrow,
    });
  }

  async #connect(user: User): Promise<void> {
    const transport = transportTo(() => this.#handler);
    const options = { user, groups: GROUPS[user], transport, ...PATIENCE };
    this.#clients.set(user, await this.settle(() => OrchardClient.connect(options)));
  }
}

function rethrow(error: unknown): never {
  throw error;
}

/** One walk in this many races with a rename and is invalid; then listings wait for a flush. */
function harried(kernel: KernelExports, oneIn: number): KernelExports {
  if (oneIn === 0) return kernel;
  let state = 1;
  // Not every n-th: a call that starts again would fail at the same place for ever.
  const unlucky = (): boolean => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % oneIn === 0;
  };
  let races = false;
  return {
    ...kernel,
    // Once for a walk, not for each of its steps: a long path would never reach its end.
    walkReset: (walk) => {
      races = unlucky();
      kernel.walkReset(walk);
    },
    walk: (walk) => {
      const status = races ? WalkStatus.RACED : kernel.walk(walk);
      races = false;
      return status;
    },
    walkStands: (walk) => (unlucky() ? 0 : kernel.walkStands(walk)),
    collectChanges: (...of) => (unlucky() ? -1 : kernel.collectChanges(...of)),
    serveGetStatus: () => 0,
    serveBatchGetStatus: () => 0,
  };
}

/** The work of main and the background threads, on the fixture's second executor. */
function servicesOf(stores: StoreFixture): ShardServices {
  const refuse = () =>
    Promise.reject(new StatusError(Code.UNIMPLEMENTED, 'not part of this fixture'));
  const scheduler = () => stores.context.scheduler;
  const seqOf = async (answer: Promise<Answer>): Promise<number> => (await answer).seq;
  const bytes = (path: string): Uint8Array => new TextEncoder().encode(path);
  return {
    mount: ({ caller, callId }, request) => {
      const options = { ...request, path: bytes(request.path) };
      const context = { stores: stores.context.stores };
      return seqOf(
        submitted(scheduler(), (sink) => new Mount(caller, callId, options, { ...context, sink })),
      );
    },
    unmount: ({ caller, callId }, { path }) =>
      seqOf(
        submitted(scheduler(), (sink) => new Unmount(caller, callId, { path: bytes(path) }, sink)),
      ),
    setAttributes: async ({ caller, signal }: ServiceCall, { path, change }) => {
      const request = { kind: 'setAttribute', path, change, caller } as const;
      const control = { signal, onProgress: () => undefined };
      const tree = new SetAttributeTree(stores.context, request, control);
      const progress = await tree.run();
      const failures = tree.failures.first.map((part) => {
        return { path: part.path, code: part.error.code, reason: part.error.message };
      });
      const { error } = tree.failures;
      const times = { startedMs: 0, endedMs: 1 };
      return { ...progress, job: 1, kind: 'setAttribute', state: 1, error, failures, ...times };
    },
    updateMount: refuse,
    load: refuse,
    getJob: refuse,
    cancelJob: refuse,
    listJobs: refuse,
    report: refuse,
    trash: refuse,
    inspect: refuse,
  };
}

/** A client's way to a handler in this thread. */
function transportTo(handler: () => ShardHandler): Transport {
  return (_url, events) => {
    const cursor = new RequestCursor();
    const encoder = new ReplyEncoder();
    let session: Session | undefined;
    const server = { serverVersion: 'fixture', clusterId: 'fixture' };
    queueMicrotask(() => events.opened());
    return {
      send: (frame) => {
        const bytes = Uint8Array.from(frame);
        if (verifyRequest(bytes) !== Verdict.VALID) throw new Error('the client sent a bad frame');
        cursor.move(bytes);
        if (cursor.bodyType === RequestBody.Hello) {
          session = { ...readHello(cursor), open: true, attachment: undefined };
          const { call } = cursor;
          events.frame(encodeWelcome(encoder, call, server, rpcLimitsDefault).slice());
          return;
        }
        if (cursor.bodyType === RequestBody.Cancel) return;
        const port = portOf(session!, cursor.call, encoder, (reply) => events.frame(reply));
        try {
          const fast = handler();
          if (fast.open(bytes) >= 0 && fast.serve(session!, port)) return;
          const refusal = checkRequest(bytes);
          if (refusal !== undefined) throw refusal;
          fast.handle(session!, cursor, port);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          port.fail(error);
        }
      },
      bufferedBytes: () => 0,
      close: () => events.closed('closed'),
    };
  };
}

function portOf(
  session: Session,
  call: number,
  encoder: ReplyEncoder,
  give: (frame: Uint8Array) => void,
): ReplyPort {
  // In a turn of its own, as from a socket.
  const later = (bytes: Uint8Array): void => {
    const copy = bytes.slice();
    setImmediate(() => give(copy));
  };
  return {
    session,
    call,
    aborted: false,
    onDrain: undefined,
    onAbort: undefined,
    send: (bytes) => {
      later(bytes);
      return true;
    },
    end: (bytes) => {
      if (bytes !== undefined) later(bytes);
    },
    fail: (error) => later(encoder.error(call, error)),
  };
}
