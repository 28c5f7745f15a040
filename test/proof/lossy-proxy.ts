/**
 * A proxy between clients and a master that loses answers. Everything that a client sends goes
 * through. From time to time the connection is cut when the answer comes, before it or in the
 * middle of it. So the change is made and nobody is told.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../../bench/load/random.js';

export type LossyProxyOptions = {
  readonly targetPort: number;
  readonly random: Random;
  /** One answer in so many is lost; 0: only those that loseNext() asks for. */
  readonly loseOneIn: number;
};

/** What comes first on a connection is the way in: HTTP's upgrade and Welcome. */
const GREETING_CHUNKS = 2;

export class LossyProxy {
  lostCount = 0;
  readonly #options: LossyProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held: Socket[] = [];
  #losesNext = false;
  #holds = false;

  static async start(options: LossyProxyOptions): Promise<LossyProxy> {
    const proxy = new LossyProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(options: LossyProxyOptions) {
    this.#options = options;
    this.#server = createServer((client) => {
      if (this.#holds) this.#held.push(client);
      else this.#join(client);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The next answer is lost, and new connections wait until release(). */
  loseNext(): void {
    this.#losesNext = true;
    this.#holds = true;
  }

  release(): void {
    this.#holds = false;
    for (const client of this.#held.splice(0)) this.#join(client);
  }

  async stop(): Promise<void> {
    for (const socket of [...this.#sockets, ...this.#held]) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const master = connect({ port: this.#options.targetPort, host: '127.0.0.1' });
    const end = (): void => {
      for (const socket of [client, master]) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
    };
    for (const socket of [client, master]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (bytes) => master.write(bytes));
    let chunks = 0;
    master.on('data', (bytes) => {
      if (chunks++ < GREETING_CHUNKS || !this.#loses()) {
        client.write(bytes);
        return;
      }
      this.lostCount++;
      const part = this.#options.random.below(3) === 0 ? bytes.length >> 1 : 0;
      if (part > 0) client.end(bytes.subarray(0, part), end);
      else end();
    });
  }

  #loses(): boolean {
    if (this.#losesNext) {
      this.#losesNext = false;
      return true;
    }
    const { loseOneIn, random } = this.#options;
    return loseOneIn > 0 && random.below(loseOneIn) === 0;
  }
}
