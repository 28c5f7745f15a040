/**
 * A master for the model check: clients, one for each user, and events that make its life hard.
 * Every step goes through the public client, whatever kind of master it is.
 */

import { OrchardError } from '../../src/client/errors.js';
import type { FileStatus, OrchardClient } from '../../src/client/index.js';
import type { Answer, FileMade, Step, User } from './step.js';

export interface Subject {
  readonly name: string;
  client(user: User): OrchardClient;
  /** URI of the n-th empty local store of a sequence. */
  store(sequence: number, index: number): Promise<string>;
  /**
   * Does `work`, and meanwhile what it needs to go on. A crash may come in between only if the
   * master promises to do what is asked again once.
   */
  settle<T>(work: () => Promise<T>, how?: { readonly once: boolean }): Promise<T>;
  /** Flushes everything to tier 2, if the subject can. */
  flush(): void;
  /** SIGKILL and restart, or the nearest equivalent. */
  crash(): Promise<void>;
  /** After a sequence: throws unless the state is consistent. */
  check(): void;
  close(): Promise<void>;
}

/** A call that takes longer hangs: that is a finding. */
export const PATIENCE = { deadlineMs: 15_000, longDeadlineMs: 20_000 } as const;

export type Asking = {
  readonly subject: Subject;
  readonly sequence: number;
};

/** Sends one step and waits for what the master says. */
export async function ask(asking: Asking, step: Step): Promise<Answer> {
  try {
    return { code: 'OK', told: await send(asking, step) };
  } catch (error) {
    if (!(error instanceof OrchardError)) throw error;
    if (error.message === '') throw new Error('a refusal without a reason', { cause: error });
    if (error.code === 'INTERNAL') return { code: error.code, told: error.message };
    return { code: error.code };
  }
}

function send(asking: Asking, step: Step): Promise<unknown> {
  const client = asking.subject.client(step.user);
  switch (step.do) {
    case 'create':
      return client.createFile(step.path, made(step));
    case 'mkdir':
      return client.createDirectory(step.path, made(step));
    case 'batchCreate':
      return batch(client.batchCreate(step.files.map((file) => ({ ...file, ...made(file) }))));
    case 'complete':
      return client.completeFile(step.path, step);
    case 'delete':
      return client.delete(step.path, step);
    case 'undelete':
      return client.undelete(step.path);
    case 'rename':
      return client.rename(step.path, step.to, step);
    case 'set':
      return client.setAttribute(step.path, {
        ...step.change,
        ...(step.recursive && { recursive: true }),
      });
    case 'mount':
      return asking.subject
        .store(asking.sequence, step.store)
        .then((uri) => client.mount(step.path, uri, { readOnly: step.readOnly ?? false }));
    case 'unmount':
      return client.unmount(step.path);
    default:
      return read(client, step);
  }
}

function read(client: OrchardClient, step: Step): Promise<unknown> {
  switch (step.do) {
    case 'status':
      return client.getStatus(step.path, { withAttributes: true });
    case 'exists':
      return client.exists(step.path);
    case 'summary':
      return client.contentSummary(step.path).then(({ failures: _failures, ...counts }) => counts);
    case 'xattrs':
      return client.getXattrs(step.path);
    case 'statusById':
      return client.getStatusById(step.inode, { withAttributes: true });
    case 'pathOf':
      return client.getFilePath(step.inode);
    case 'batchStatus':
      return batch(client.batchGetStatus(step.paths));
    case 'access':
      return client.checkAccess(step.path, step.bits);
    case 'list':
      return list(client, step);
    default:
      throw new Error(`no such step: ${step.do}`);
  }
}

const made = ({ xattrs, newPaths, ...options }: Omit<FileMade, 'path'>) => ({
  ...options,
  ...(xattrs && { xattrs }),
  ...(newPaths && { xattrPropagation: 'newPaths' as const }),
});

type Row = { readonly status?: FileStatus | undefined; readonly error?: OrchardError | undefined };

async function batch(rows: Promise<readonly Row[]>): Promise<Answer[]> {
  return (await rows).map(({ status, error }) =>
    error === undefined ? { code: 'OK', told: status } : { code: error.code },
  );
}

/** All pages; that each but the last is full is checked here, the rest by the model. */
async function list(client: OrchardClient, step: Extract<Step, { do: 'list' }>): Promise<unknown> {
  const { path, user: _, do: __, ...options } = step;
  const entries: FileStatus[] = [];
  let fileCount: number | undefined;
  for await (const page of client.listPages(path, options)) {
    const { length } = page.entries;
    if (page.truncated && length !== (step.pageSize ?? length)) {
      throw new Error(`a page of ${length} entries before the last one, of ${step.pageSize}`);
    }
    fileCount ??= page.fileCount;
    entries.push(...page.entries);
  }
  return { entries, fileCount };
}
