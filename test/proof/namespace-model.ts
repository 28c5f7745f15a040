/**
 * What a namespace does for one call at a time, as a function of immutable states: the sequential
 * specification for histories. The first two levels of directories are fixed. A state holds
 * everything below, from `/x/y` on, so that subtrees without a rename between them are states of
 * their own.
 *
 * An inode whose creation was never answered has id 0: it takes the first id seen of it.
 *
 * Invariant: equal states have equal keys, and a step that changes nothing returns the same object.
 */
import type { CodeName } from '../../src/base/status.js';
import { type Answer, isLook, type Request, type Sight } from './operation.js';

const NO_CHILDREN: ReadonlyMap<string, Inode> = new Map();
const UNKNOWN_ID = 0;

export class Inode {
  readonly sight: Sight;
  readonly children: ReadonlyMap<string, Inode>;
  readonly key: string;

  constructor(sight: Sight, children: ReadonlyMap<string, Inode> = NO_CHILDREN) {
    this.sight = sight;
    this.children = children;
    const { id, directory, mode, length, completed } = sight;
    if (!directory) {
      this.key = `${id},${mode},${length},${completed ? 1 : 0}`;
      return;
    }
    const names = children.size < 2 ? [...children.keys()] : [...children.keys()].sort();
    this.key = `${id},${mode}{${names.map((name) => `${name}:${children.get(name)!.key}`).join()}}`;
  }

  with(change: Partial<Sight>): Inode {
    return new Inode({ ...this.sight, ...change }, this.children);
  }

  withChild(name: string, child: Inode | undefined): Inode {
    const children = new Map(this.children);
    if (child === undefined) children.delete(name);
    else children.set(name, child);
    return new Inode(this.sight, children);
  }
}

/** A state: a directory of no name whose children are called `/x/y`. */
export const EMPTY = new Inode({
  id: -1,
  directory: true,
  mode: 0,
  length: 0,
  completed: true,
});

/** A part of a listing, each true at some moment of it: see listing-parts.ts. */
export type ListingPart =
  | {
      readonly do: 'child';
      readonly path: string;
      readonly parentId: number;
      readonly name: string;
      readonly sight: Sight;
    }
  | {
      readonly do: 'noChild';
      readonly path: string;
      readonly parentId: number;
      readonly name: string;
    };

export type Step = {
  readonly request: Request | ListingPart;
  readonly answer: Answer | undefined;
};

export const isLooking = ({ request, answer }: Step): boolean =>
  request.do === 'child' || request.do === 'noChild' || isLook({ request, answer });

/** `/x/y/a/b` → ['/x/y', 'a', 'b']; shorter paths have no way. */
export function wayOf(path: string): readonly string[] {
  const known = ways.get(path);
  if (known !== undefined) return known;
  if (ways.size >= WAYS_MAX) ways.clear();
  const second = path.indexOf('/', 1);
  const third = second < 0 ? -1 : path.indexOf('/', second + 1);
  const root = third < 0 ? path : path.slice(0, third);
  const way = second < 0 ? [] : third < 0 ? [root] : [root, ...path.slice(third + 1).split('/')];
  ways.set(path, way);
  return way;
}

const ways = new Map<string, readonly string[]>();
const WAYS_MAX = 100_000;

type Found = {
  readonly node: Inode | undefined;
  /** The directory it is or would be in; undefined when that is missing. */
  readonly parent: Inode | undefined;
  /** Something on the way is a file. */
  readonly belowFile: boolean;
};

function find(state: Inode, way: readonly string[]): Found {
  let parent = state;
  for (let i = 0; i < way.length; i++) {
    const node = parent.children.get(way[i]!);
    const last = i === way.length - 1;
    if (last) return { node, parent, belowFile: false };
    if (node === undefined) break;
    if (!node.sight.directory) return { node: undefined, parent: undefined, belowFile: true };
    parent = node;
  }
  return { node: undefined, parent: undefined, belowFile: false };
}

/** The state with another inode (or none) at a place whose parent is there. */
function replace(state: Inode, way: readonly string[], node: Inode | undefined, at = 0): Inode {
  const name = way[at]!;
  if (at === way.length - 1) return state.withChild(name, node);
  return state.withChild(name, replace(state.children.get(name)!, way, node, at + 1));
}

const agrees = (known: Sight, seen: Sight): boolean =>
  (known.id === seen.id || known.id === UNKNOWN_ID) &&
  known.directory === seen.directory &&
  known.mode === seen.mode &&
  known.completed === seen.completed &&
  known.length === seen.length;

/** The result of a change: a refusal, or the state after it and its inode. */
type Outcome =
  | { readonly code: Exclude<CodeName, 'OK'> }
  | { readonly code: 'OK'; readonly state: Inode; readonly node: Inode | undefined };

const refused = (code: Exclude<CodeName, 'OK'>): Outcome => ({ code });

/** The state after the step, or undefined if this answer was impossible. */
export function step(state: Inode, { request, answer }: Step): Inode | undefined {
  if (request.do === 'child' || request.do === 'noChild') return stepPart(state, request);
  const way = wayOf(request.path);
  if (request.do === 'exists') {
    if (answer === undefined) return state;
    const { node } = find(state, way);
    return answer.code === 'OK' && answer.exists === (node !== undefined) ? state : undefined;
  }
  const outcome = outcomeOf(state, request, answer);
  if (answer === undefined) return outcome.code === 'OK' ? outcome.state : undefined;
  if (outcome.code !== answer.code) return undefined;
  if (outcome.code !== 'OK') return state;
  const { node } = outcome;
  const id = answer.sight?.id ?? answer.id;
  if (id === undefined || node === undefined) return outcome.state;
  if (!agrees(node.sight, answer.sight ?? { ...node.sight, id })) return undefined;
  if (node.sight.id === id) return outcome.state;
  return replace(outcome.state, way, node.with({ id }));
}

function outcomeOf(state: Inode, request: Request, answer: Answer | undefined): Outcome {
  const found = find(state, wayOf(request.path));
  switch (request.do) {
    case 'create':
      return create(state, found, request);
    case 'mkdir':
      return mkdir(state, found, request);
    case 'rename':
      return rename(state, found, request);
    case 'delete': {
      const { node } = found;
      if (node === undefined) return refused('NOT_FOUND');
      if (!request.recursive && node.children.size > 0) return refused('FAILED_PRECONDITION');
      return put(state, request.path, undefined);
    }
    case 'complete': {
      const { node } = found;
      if (node === undefined || node.sight.directory) return refused('NOT_FOUND');
      if (node.sight.completed) return refused('ALREADY_EXISTS');
      return put(state, request.path, node.with({ completed: true, length: request.length }));
    }
    case 'setAttribute': {
      const { node } = found;
      if (node === undefined) return refused('NOT_FOUND');
      return put(state, request.path, node.with({ mode: request.mode }));
    }
    default: {
      const { node } = found;
      if (node === undefined) return refused('NOT_FOUND');
      if (request.do !== 'list') return { code: 'OK', state, node };
      // A listing of a file is the file; that of a directory is checked by its parts.
      if (node.sight.directory) return { code: 'OK', state, node: undefined };
      return listedFile(state, node, answer?.entries ?? []);
    }
  }
}

function listedFile(state: Inode, node: Inode, entries: readonly Sight[]): Outcome {
  const [only] = entries;
  const matches = entries.length === 1 && agrees(node.sight, only!);
  return matches ? { code: 'OK', state, node: undefined } : refused('DATA_LOSS');
}

function put(state: Inode, path: string, node: Inode | undefined): Outcome {
  return { code: 'OK', state: replace(state, wayOf(path), node), node };
}

function create(state: Inode, found: Found, request: Request & { do: 'create' }): Outcome {
  if (found.node !== undefined) {
    if (!request.overwrite || found.node.sight.directory) return refused('ALREADY_EXISTS');
  } else if (found.belowFile) {
    return refused('INVALID_ARGUMENT');
  } else if (found.parent === undefined) {
    return refused('NOT_FOUND');
  }
  const { mode } = request;
  const sight = { id: UNKNOWN_ID, directory: false, mode, length: 0, completed: false };
  return put(state, request.path, new Inode(sight));
}

function mkdir(state: Inode, found: Found, request: Request & { do: 'mkdir' }): Outcome {
  const { node } = found;
  if (node !== undefined) {
    if (!request.allowExists || !node.sight.directory) return refused('ALREADY_EXISTS');
    return { code: 'OK', state, node };
  }
  if (found.belowFile) return refused('INVALID_ARGUMENT');
  if (found.parent === undefined) return refused('NOT_FOUND');
  const { mode } = request;
  const sight = { id: UNKNOWN_ID, directory: true, mode, length: 0, completed: true };
  return put(state, request.path, new Inode(sight));
}

function rename(state: Inode, found: Found, request: Request & { do: 'rename' }): Outcome {
  const { path, to, overwrite } = request;
  const { node } = found;
  if (node === undefined) return refused('NOT_FOUND');
  if (path === to) return { code: 'OK', state, node };
  if (to.startsWith(`${path}/`)) return refused('INVALID_ARGUMENT');
  const target = find(state, wayOf(to));
  if (target.belowFile) return refused('INVALID_ARGUMENT');
  if (target.parent === undefined) return refused('NOT_FOUND');
  if (target.node !== undefined) {
    const files = !node.sight.directory && !target.node.sight.directory;
    if (!overwrite || !files) return refused('ALREADY_EXISTS');
  }
  const without = replace(state, wayOf(path), undefined);
  return put(without, to, node);
}

// ── parts of a listing ─────────────────────────────────────────────────────────────────────────

/** The directory by its id; or at the path, if nobody has seen its id yet. */
function placeOf(state: Inode, part: ListingPart): readonly string[] | undefined {
  const known = placeOfId(state, part.parentId, []);
  if (known !== undefined) return known;
  const way = wayOf(part.path);
  const { node } = find(state, way);
  return node?.sight.directory === true && node.sight.id === UNKNOWN_ID ? way : undefined;
}

function placeOfId(node: Inode, id: number, way: readonly string[]): readonly string[] | undefined {
  for (const [name, child] of node.children) {
    if (!child.sight.directory) continue;
    if (child.sight.id === id) return [...way, name];
    const below = child.children.size === 0 ? undefined : placeOfId(child, id, [...way, name]);
    if (below !== undefined) return below;
  }
  return undefined;
}

function stepPart(state: Inode, part: ListingPart): Inode | undefined {
  const way = placeOf(state, part);
  if (way === undefined) return undefined;
  const directory = find(state, way).node!;
  const child = directory.children.get(part.name);
  if (part.do === 'noChild') return child === undefined ? state : undefined;
  if (child === undefined || !agrees(child.sight, part.sight)) return undefined;
  const bound = directory.sight.id === part.parentId && child.sight.id === part.sight.id;
  if (bound) return state;
  const named = directory.with({ id: part.parentId });
  return replace(state, way, named.withChild(part.name, child.with({ id: part.sight.id })));
}

/** Names that a directory has in this state; the directory by its id. */
export function childNames(state: Inode, id: number): readonly string[] {
  const way = placeOfId(state, id, []);
  return way === undefined ? [] : [...find(state, way).node!.children.keys()];
}
