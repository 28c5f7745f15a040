/**
 * What one client asked and was told, and when: the unit of a history. Times are nanoseconds of the
 * system's monotonic clock, which all processes of one machine share.
 *
 * Invariant: calledNs was read before the request was sent, returnedNs after the answer was here;
 *   so the call took effect between the two, if it did.
 */
import type { CodeName } from '../../src/base/status.js';

/** What is seen of an inode. A directory's length (its child count) is not part of it. */
export type Sight = {
  readonly id: number;
  readonly directory: boolean;
  readonly mode: number;
  /** Bytes of a file; 0 for a directory. */
  readonly length: number;
  readonly completed: boolean;
};

export type Listed = Sight & { readonly name: string; readonly parentId: number };

export type Request =
  | { readonly do: 'getStatus' | 'exists' | 'list'; readonly path: string }
  | {
      readonly do: 'create';
      readonly path: string;
      readonly mode: number;
      readonly overwrite: boolean;
    }
  | {
      readonly do: 'mkdir';
      readonly path: string;
      readonly mode: number;
      readonly allowExists: boolean;
    }
  | { readonly do: 'complete'; readonly path: string; readonly length: number }
  | { readonly do: 'delete'; readonly path: string; readonly recursive: boolean }
  | {
      readonly do: 'rename';
      readonly path: string;
      readonly to: string;
      readonly overwrite: boolean;
    }
  | { readonly do: 'setAttribute'; readonly path: string; readonly mode: number };

export type Answer = {
  readonly code: CodeName;
  /** Of what was created, completed or looked at; not every success tells. */
  readonly sight?: Sight;
  /** Instead of it, where only the identity is part of the answer: see History. */
  readonly id?: number;
  readonly exists?: boolean;
  readonly entries?: readonly Listed[];
};

export type Operation = {
  readonly client: number;
  readonly request: Request;
  readonly calledNs: number;
  /** Without an answer: when its master was dead, so that it was over; Infinity = unknown. */
  readonly returnedNs: number;
  /** undefined: unknown; it may have happened or not. */
  readonly answer: Answer | undefined;
  /** The result of this listing for one name: shown, or not shown. */
  readonly listed?: string;
};

/** With this answer it changes nothing: a look, or a refused change. */
export const isLook = ({ request, answer }: Pick<Operation, 'request' | 'answer'>): boolean =>
  request.do === 'getStatus' ||
  request.do === 'exists' ||
  request.do === 'list' ||
  (answer !== undefined && answer.code !== 'OK');

/** One line for people: `rename /t/a → /t/b → OK`. */
export function describe({ request, answer, listed }: Operation): string {
  const what = `${describeRequest(request)} → ${describeAnswer(answer)}`;
  return listed === undefined ? what : `${what} (in a listing of ${listed})`;
}

function describeRequest(request: Request): string {
  switch (request.do) {
    case 'create':
      return `create ${request.path} mode ${octal(request.mode)}${flag(request, 'overwrite')}`;
    case 'mkdir':
      return `mkdir ${request.path} mode ${octal(request.mode)}${flag(request, 'allowExists')}`;
    case 'complete':
      return `complete ${request.path} length ${request.length}`;
    case 'delete':
      return `delete ${request.path}${flag(request, 'recursive')}`;
    case 'rename':
      return `rename ${request.path} → ${request.to}${flag(request, 'overwrite')}`;
    case 'setAttribute':
      return `setAttribute ${request.path} mode ${octal(request.mode)}`;
    default:
      return `${request.do} ${request.path}`;
  }
}

function describeAnswer(answer: Answer | undefined): string {
  if (answer === undefined) return 'no answer';
  if (answer.code !== 'OK') return answer.code;
  if (answer.exists !== undefined) return String(answer.exists);
  if (answer.entries !== undefined) {
    const entries = answer.entries.map((entry) => `${entry.name}: ${describeSight(entry)}`);
    return `[${entries.join(', ')}]`;
  }
  if (answer.id !== undefined) return `inode ${answer.id}, sent again`;
  return answer.sight === undefined ? 'OK' : describeSight(answer.sight);
}

export function describeSight({ id, directory, mode, length, completed }: Sight): string {
  if (directory) return `directory ${id} mode ${octal(mode)}`;
  return `file ${id} mode ${octal(mode)} length ${length}${completed ? '' : ' incomplete'}`;
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const flag = (request: Request, name: string): string =>
  (request as unknown as Record<string, unknown>)[name] === true ? ` (${name})` : '';
