/**
 * What the steps of the demo share: where it lives, the master and the client of the moment (both
 * change when the master is killed), and the screen.
 */
import { MasterProcess, placement } from '../cli/master-process.js';
import { OrchardClient } from '../client/index.js';

import type { S3Server } from './s3-server.js';
import type { Screen } from './screen.js';

export type DemoPlace = {
  /** Of the master. */
  readonly dataDir: string;
  /** Of the S3 server. */
  readonly s3Dir: string;
  readonly logFile: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  /** Mounted at /code, and where the bucket is filled from. */
  readonly tree: string;
};

export class Demo {
  readonly screen: Screen;
  readonly place: DemoPlace;
  #master: MasterProcess | undefined;
  #client: OrchardClient | undefined;
  #s3: S3Server | undefined;

  constructor(place: DemoPlace, screen: Screen) {
    this.place = place;
    this.screen = screen;
  }

  get master(): MasterProcess {
    if (this.#master === undefined) throw new Error('no master is running');
    return this.#master;
  }

  get client(): OrchardClient {
    if (this.#client === undefined) throw new Error('no client is connected');
    return this.#client;
  }

  get s3(): S3Server {
    if (this.#s3 === undefined) throw new Error('the S3 server is not running');
    return this.#s3;
  }

  set s3(server: S3Server) {
    this.#s3 = server;
  }

  async startMaster(): Promise<MasterProcess> {
    this.#master = await MasterProcess.start({
      logFile: this.place.logFile,
      environment: { ...process.env, ...placement(this.place) },
    });
    this.#client = await this.connect();
    return this.#master;
  }

  connect(): Promise<OrchardClient> {
    const { host, rpcPort: port, httpPort } = this.master;
    return OrchardClient.connect({ host, port, httpPort, clientName: 'orchard-demo' });
  }

  /** As a power cut would, for the process: what it had only in memory is gone. */
  async killMaster(): Promise<void> {
    await this.master.kill();
    await this.#client?.close({ withinMs: 0 });
    this.#client = undefined;
    this.#master = undefined;
  }

  /** In the order in which nobody misses anybody. */
  async close(): Promise<void> {
    await this.#client?.close({ withinMs: 0 });
    await this.#master?.stop();
    await this.#s3?.close();
    this.#client = undefined;
    this.#master = undefined;
    this.#s3 = undefined;
  }
}

/** What a promise gave and how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const startedMs = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startedMs };
}
