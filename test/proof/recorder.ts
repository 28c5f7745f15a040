/**
 * Makes calls with the project's client and records the request, the answer and the times. One for
 * all clients of a process; operation.ts explains the times.
 */
import type { OrchardClient } from '../../src/client/index.js';
import { OrchardError } from '../../src/client/index.js';
import type { FileStatus } from '../../src/client/types.js';
import type { Answer, Listed, Operation, Request, Sight } from './operation.js';

/** Codes that say that the call changed nothing, and what it found. */
const DEFINITE = new Set([
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'PERMISSION_DENIED',
]);
/** How the client reports a first answer whose inode is elsewhere now. */
const EMPTY_BODY = /answered with a body of kind/;

export const nowNs = (): number => Number(process.hrtime.bigint());

type CallerNumber = { readonly number: number; readonly retry: boolean };

export class Recorder {
  #done: Operation[] = [];
  readonly #inFlight = new Set<{ readonly calledNs: number }>();

  /** Calls; resolves whatever comes of it. */
  async run(client: OrchardClient, by: CallerNumber, request: Request): Promise<void> {
    const started = { calledNs: nowNs() };
    this.#inFlight.add(started);
    const answer = await answerOf(client, request, by.retry);
    const returnedNs = answer === undefined ? Number.POSITIVE_INFINITY : nowNs();
    this.#inFlight.delete(started);
    const isRead = request.do === 'getStatus' || request.do === 'exists' || request.do === 'list';
    if (answer === 'refused' || (answer === undefined && isRead)) return;
    const { calledNs } = started;
    this.#done.push({ client: by.number, request, calledNs, returnedNs, answer });
  }

  /** What is done since the last time, and the moment before which nothing else was called. */
  take(): { operations: Operation[]; toldNs: number } {
    let toldNs = nowNs();
    for (const { calledNs } of this.#inFlight) toldNs = Math.min(toldNs, calledNs);
    const operations = this.#done;
    this.#done = [];
    return { operations, toldNs };
  }
}

async function answerOf(
  client: OrchardClient,
  request: Request,
  retry: boolean,
): Promise<Answer | 'refused' | undefined> {
  try {
    return await ask(client, request, retry);
  } catch (error) {
    if (!(error instanceof OrchardError)) throw error;
    if (DEFINITE.has(error.code)) return { code: error.code };
    if (error.code === 'RESOURCE_EXHAUSTED') return 'refused';
    if (error.code === 'INTERNAL' && EMPTY_BODY.test(error.message)) return { code: 'OK' };
    return undefined;
  }
}

async function ask(client: OrchardClient, request: Request, retry: boolean): Promise<Answer> {
  const { path } = request;
  switch (request.do) {
    case 'getStatus':
      return seen(await client.getStatus(path, { retry }));
    case 'exists':
      return { code: 'OK', exists: await client.exists(path, { retry }) };
    case 'list': {
      const page = await client.listPage(path, { retry });
      return { code: 'OK', entries: page.entries.map(listedOf) };
    }
    case 'create': {
      const { mode, overwrite } = request;
      return seen(await client.createFile(path, { mode, overwrite, retry }));
    }
    case 'mkdir': {
      const { mode, allowExists } = request;
      return seen(await client.createDirectory(path, { mode, allowExists, retry }));
    }
    case 'complete':
      return seen(await client.completeFile(path, { length: request.length, retry }));
    case 'delete':
      await client.delete(path, { recursive: request.recursive, retry });
      return { code: 'OK' };
    case 'rename':
      await client.rename(path, request.to, { overwrite: request.overwrite, retry });
      return { code: 'OK' };
    default:
      await client.setAttribute(path, { mode: request.mode, retry });
      return { code: 'OK' };
  }
}

const seen = (status: FileStatus): Answer => ({ code: 'OK', sight: sightOf(status) });

const sightOf = ({ id, type, mode, length, completed }: FileStatus): Sight => {
  const directory = type === 'directory';
  return { id, directory, mode, length: directory ? 0 : length, completed };
};

const listedOf = (status: FileStatus): Listed => ({
  ...sightOf(status),
  name: status.name,
  parentId: status.parentId,
});
