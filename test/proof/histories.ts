/**
 * Histories for the tests of the checker: written by hand as lines of time, or made by the dumb
 * twin of the namespace (test/model), which knows nothing of the model that the checker uses.
 */
import { Code, codeName } from '../../src/base/status.js';
import { type Node, type Step, TreeModel } from '../model/tree-model.js';
import { Checker } from './checker.js';
import { History } from './history.js';
import type { Answer, Listed, Operation, Request, Sight } from './operation.js';

/** One operation from `from` to `to` milliseconds; without an answer it is open. */
export function op(from: number, to: number, request: Request, answer?: Answer): Operation {
  const returnedNs = answer === undefined ? Number.POSITIVE_INFINITY : to * 1e6;
  return { client: from, request, calledNs: from * 1e6, returnedNs, answer };
}

/** The violation, or undefined. Deaths are milliseconds. */
export function check(
  operations: readonly Operation[],
  deaths: readonly number[] = [],
): string | undefined {
  const checker = new Checker();
  const history = new History(checker);
  for (const death of deaths) history.death(death * 1e6);
  history.add('all', operations, Number.POSITIVE_INFINITY);
  history.close('all');
  return checker.violation;
}

export const file = (id: number, more: Partial<Sight> = {}): Sight => ({
  id,
  directory: false,
  mode: 0o644,
  length: 0,
  completed: false,
  ...more,
});

export const directory = (id: number, more: Partial<Sight> = {}): Sight => ({
  ...file(id, { directory: true, mode: 0o755, completed: true }),
  ...more,
});

/** A server that answers one call after the other, by the twin. */
export class TwinServer {
  readonly #model = new TreeModel();

  constructor(fixed: readonly string[]) {
    for (const path of fixed) {
      this.#model.apply({ do: 'mkdir', path, user: 'root', recursive: false });
    }
  }

  answer(request: Request): Answer {
    const { path } = request;
    if (request.do === 'exists') {
      return { code: 'OK', exists: this.#model.at(path) !== undefined };
    }
    if (request.do === 'getStatus' || request.do === 'list') return this.#look(request.do, path);
    const code = this.#model.apply(stepOf(request));
    if (code !== Code.OK) return { code: codeName(code) };
    const tells = request.do === 'create' || request.do === 'mkdir' || request.do === 'complete';
    return tells ? { code: 'OK', sight: sightOf(this.#model.at(path)!) } : { code: 'OK' };
  }

  #look(verb: 'getStatus' | 'list', path: string): Answer {
    const node = this.#model.at(path);
    if (node === undefined) return { code: 'NOT_FOUND' };
    if (verb === 'getStatus') return { code: 'OK', sight: sightOf(node) };
    const listed = (name: string, child: Node, parentId: number): Listed => ({
      ...sightOf(child),
      name,
      parentId,
    });
    if (!node.directory) {
      return { code: 'OK', entries: [listed(path.slice(path.lastIndexOf('/') + 1), node, 0)] };
    }
    const children = [...node.children].map(([name, child]) => listed(name, child, node.key));
    return { code: 'OK', entries: children };
  }
}

function stepOf(request: Request): Step {
  const user = 'root';
  switch (request.do) {
    case 'create':
      return { do: 'create', path: request.path, user, overwrite: request.overwrite };
    case 'mkdir':
      return { do: 'mkdir', path: request.path, user, recursive: false };
    case 'complete':
      return { do: 'complete', path: request.path, user, length: request.length };
    case 'delete':
      return { do: 'delete', path: request.path, user, recursive: request.recursive };
    case 'rename': {
      const { path, to, overwrite } = request;
      return { do: overwrite ? 'replace' : 'rename', path, to, user };
    }
    case 'setAttribute':
      return { do: 'chmod', path: request.path, user, mode: request.mode };
    default:
      throw new Error(`${request.do} changes nothing`);
  }
}

const sightOf = ({ key, directory: isDirectory, mode, length, completed }: Node): Sight => ({
  id: key,
  directory: isDirectory,
  mode,
  length: isDirectory ? 0 : length,
  completed,
});
