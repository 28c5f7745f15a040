/**
 * Mutated frames against one real master: sound frames with fields at their extremes, and damaged
 * ones, made from these and from usual frames of every kind. The master must survive, answer each
 * sound frame and the one after each burst, verify clean at the end, and stop in order.
 *
 * The superuser's connections draw no mounts: a mutated one could name a store far away.
 */
import { ByteBuffer } from 'flatbuffers';
import { FRAME_BYTES_MAX } from '../../src/base/limits.js';
import { GetStatusT, Reply } from '../../src/wire/generated/index.js';
import { requestMembers } from '../../src/wire/generated/request-fields.js';
import { operationOf } from '../../src/wire/operations.js';
import { frame, WireClient } from '../net/wire-client.js';
import { ProofMaster } from '../proof/proof-master.js';
import { Extremes, memberNames } from '../wire/extremes.js';
import { mutate, Random } from '../wire/mutate.js';
import { encodeRequest, requestBodies } from '../wire/samples.js';
import { count } from './ledger.js';
import { isOver, type Phase, type PhaseRun } from './phase.js';

const FRAMES = 10_000_000;
const SMOKE_FRAMES = 6000;
const BURST = 200;
const USERS = ['root', 'ann', 'root', 'bob'] as const;
/** Sound frames that are mutated too; those that are larger take longer than they tell. */
const KEPT_MAX = 256;
const KEPT_BYTES_MAX = 2048;
/** A call that is not answered by then never is. */
const ANSWER_MS_MAX = 120_000;
const PROBE_CALL = 2 ** 40;
const FIRST_CALL = 1_000_000;
const LOG_LINES = 20;
/** A path that does not exist: no frame mounts a directory of this machine. */
const NO_STORE = '/nowhere/orchard';

type Kind = keyof typeof requestMembers;
const OF_STORES: ReadonlySet<Kind> = new Set(['Mount', 'UpdateMount', 'ReverseResolve']);
const isAnswered = (kind: Kind): boolean => operationOf(requestMembers[kind])?.lane !== 'session';

export const fuzzPhase: Phase = {
  name: 'fuzz',
  share: 0.2,
  isInOne: true,
  run: async (run) => {
    const master = await ProofMaster.create({ ORCHARD_LOCAL_ROOTS: NO_STORE });
    try {
      await fuzz(run, await started(master));
    } finally {
      await master.remove();
    }
  },
};

async function started(master: ProofMaster): Promise<ProofMaster> {
  await master.start();
  const client = await master.connect();
  await client.createFile('/a/b/c', { recursive: true });
  await client.setAttribute('/', { mode: 0o777 });
  await client.close();
  return master;
}

async function fuzz(run: PhaseRun, master: ProofMaster): Promise<void> {
  const frames = run.isSmoke ? SMOKE_FRAMES : FRAMES;
  const attacks = USERS.map((user, i) => new Attack(run, master, { user, number: i }));
  await Promise.all(attacks.map((attack) => attack.run(Math.ceil(frames / USERS.length))));
  const sent = attacks.reduce((sum, attack) => sum + attack.sent, 0);
  count(run.ledger, 'mutated frames', sent);
  if (sent < frames) run.ledger.notes.push(`fuzz: ${sent} of ${frames} frames in its time`);
  if (!master.isRunning) return;
  const client = await master.connect();
  const { isClean, findings } = await client.verify();
  await client.close();
  if (!isClean) violate(run, master, `it does not verify: ${JSON.stringify(findings.slice(0, 5))}`);
  const ended = await master.stop('SIGTERM');
  if (ended !== 0) violate(run, master, `SIGTERM ended it with ${ended}`);
}

/** One connection's bursts; all of them follow from the seed and its number. */
class Attack {
  sent = 0;
  readonly #run: PhaseRun;
  readonly #master: ProofMaster;
  readonly #user: string;
  readonly #number: number;
  readonly #random: Random;
  readonly #extremes: Extremes;
  readonly #kinds: readonly Kind[];
  readonly #samples: readonly Uint8Array[];
  /** Of the sound frames, with fields at extremes. */
  readonly #kept: Uint8Array[] = [];
  /** Calls of sound frames that wait for their answer. */
  readonly #waiting = new Map<number, string>();
  #nextCall = FIRST_CALL;

  constructor(run: PhaseRun, master: ProofMaster, who: { user: string; number: number }) {
    this.#run = run;
    this.#master = master;
    this.#user = who.user;
    this.#number = who.number;
    this.#random = new Random(run.ledger.seed * USERS.length + who.number);
    this.#extremes = new Extremes(this.#random);
    const isDrawn = (kind: Kind): boolean => who.user !== 'root' || !OF_STORES.has(kind);
    this.#kinds = memberNames.filter((kind) => isDrawn(kind) && isAnswered(kind));
    this.#samples = requestBodies
      .filter(([kind]) => isDrawn(kind as Kind))
      .flatMap(([kind, body], i) => [
        encodeRequest(1000 + i, kind, body),
        encodeRequest(2000 + i, kind, body, 0, 1 + (i % 3)),
      ]);
  }

  async run(frames: number): Promise<void> {
    const client = await WireClient.greeted(this.#master.rpcPort, this.#user);
    client.onFrame = (payload) => {
      this.#waiting.delete(Reply.getRootAsReply(new ByteBuffer(payload)).call());
    };
    try {
      while (this.sent < frames && !(isOver(this.#run) && !this.#run.isSmoke)) {
        client.socket.write(this.#burst(Math.min(BURST, frames - this.sent)));
        const trouble = await this.#trouble(client);
        if (trouble === undefined) continue;
        const where = `connection ${this.#number} (${this.#user}), after ${this.sent} frames`;
        violate(this.#run, this.#master, `${where}: ${trouble}`);
        return;
      }
    } finally {
      client.destroy();
    }
  }

  #burst(frames: number): Buffer {
    const parts: Buffer[] = [];
    for (let i = 1; i < frames; i++) parts.push(frame(this.#damaged()));
    parts.push(frame(this.#sound()));
    this.sent += frames;
    const probe = PROBE_CALL + this.sent;
    this.#waiting.set(probe, 'the probe behind the burst');
    parts.push(frame(encodeRequest(probe, 'GetStatus', new GetStatusT('/'))));
    return Buffer.concat(parts);
  }

  #damaged(): Uint8Array {
    const from = this.#random.below(2) === 0 && this.#kept.length > 0 ? this.#kept : this.#samples;
    return mutate(from[this.#random.below(from.length)]!, this.#random);
  }

  #sound(): Uint8Array {
    const kind = this.#kinds[this.#random.below(this.#kinds.length)]!;
    const call = this.#nextCall++;
    const sound = this.#extremes.frame(kind, call);
    // A larger one ends the connection, as it should.
    if (sound.length > FRAME_BYTES_MAX) return this.#sound();
    if (sound.length <= KEPT_BYTES_MAX) {
      this.#kept[this.#random.below(Math.min(KEPT_MAX, this.#kept.length + 1))] = sound;
    }
    this.#waiting.set(call, kind);
    return sound;
  }

  /** What is wrong once all are answered, or will not be. */
  async #trouble(client: WireClient): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      const tell = (): void => resolve(`no answer to ${[...this.#waiting.values()].join(', ')}`);
      timer = setTimeout(tell, ANSWER_MS_MAX);
    });
    const answered = client
      .until(() => this.#waiting.size === 0)
      .then(
        () => undefined,
        (error: Error) => `${error.message}, with code ${client.closeCode}`,
      );
    const gone = this.#master.ended.then((how) => `the master ended with ${how}`);
    const trouble = await Promise.race([answered, late, gone]);
    clearTimeout(timer);
    return trouble;
  }
}

function violate({ ledger }: PhaseRun, master: ProofMaster, text: string): void {
  const log = master.log.slice(-LOG_LINES).join('\n');
  const again = `npm run soak -- --minutes ${ledger.minutes} --seed ${ledger.seed} --phases fuzz`;
  ledger.violations.push({ phase: 'fuzz', text: `seed ${ledger.seed}, ${text}\n${log}`, again });
}
