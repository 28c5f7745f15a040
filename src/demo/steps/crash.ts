/**
 * Step: SIGKILL in the middle of a burst of creates, restart, and every file whose create was
 * answered must be there. What was in flight may be there or not: nobody was told.
 */
import type { OrchardClient } from '../../client/index.js';
import { type Demo, timed } from '../demo.js';
import { countText, rateText, spanText } from '../screen.js';

const BURST = '/projects/burst';
const IN_FLIGHT = 256;
const ACKNOWLEDGED_AT_KILL = 10_000;
const CHECKED_AT_A_TIME = 500;

export async function crash(demo: Demo): Promise<void> {
  const { screen } = demo;
  screen.step('A crash in the middle of a burst of creates');
  await demo.client.createDirectory(BURST);
  const burst = new Burst(await demo.connect());
  const { ms } = await timed(() => burst.until(ACKNOWLEDGED_AT_KILL));
  const { pid } = demo.master;
  const unanswered = burst.inFlight;
  const killed = demo.killMaster();
  // Whatever arrives from here on was answered before the process was gone, and counts.
  await killed;
  const acknowledged = await burst.end();
  screen.command(`kill -KILL ${pid}`);
  screen.fact(
    `killed with ${countText(acknowledged.length)} creates acknowledged in ${spanText(ms)} ` +
      `(${rateText(acknowledged.length, ms)}) and ${countText(unanswered)} on their way`,
  );

  screen.command('orchard master start');
  const master = await demo.startMaster();
  screen.fact(`process ${master.pid} recovered and ready in ${spanText(master.readyMs)}`);
  const found = await countPresent(demo.client, acknowledged);
  const lost = acknowledged.length - found;
  screen.fact(
    `${countText(acknowledged.length)} acknowledged, ${countText(found)} found, ` +
      `${countText(lost)} lost`,
  );
  if (lost > 0) throw new Error(`${lost} acknowledged files were lost`);
}

class Burst {
  readonly #client: OrchardClient;
  readonly #acknowledged: string[] = [];
  readonly #lanes: Promise<void>[] = [];
  #next = 0;
  #stopped = false;
  #inFlight = 0;
  #reached: (() => void) | undefined;
  #failure: unknown;

  constructor(client: OrchardClient) {
    this.#client = client;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves in the middle of it. */
  until(acknowledged: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reached = () => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (this.#acknowledged.length >= acknowledged) resolve();
      };
      for (let i = 0; i < IN_FLIGHT; i++) this.#lanes.push(this.#lane());
    });
  }

  /** All paths whose create was answered. */
  async end(): Promise<readonly string[]> {
    this.#stopped = true;
    await this.#client.close({ withinMs: 0 });
    await Promise.all(this.#lanes);
    return this.#acknowledged;
  }

  async #lane(): Promise<void> {
    while (!this.#stopped) {
      const path = `${BURST}/file-${this.#next++}`;
      this.#inFlight++;
      try {
        await this.#client.createFile(path);
        this.#acknowledged.push(path);
      } catch (error) {
        // Without an answer, as it should be once the master is gone; before that it is a failure.
        this.#failure ??= error;
        return;
      } finally {
        this.#inFlight--;
        this.#reached?.();
      }
    }
  }
}

async function countPresent(client: OrchardClient, paths: readonly string[]): Promise<number> {
  let found = 0;
  for (let at = 0; at < paths.length; at += CHECKED_AT_A_TIME) {
    const results = await client.batchGetStatus(paths.slice(at, at + CHECKED_AT_A_TIME));
    found += results.filter(({ status }) => status !== undefined).length;
  }
  return found;
}
