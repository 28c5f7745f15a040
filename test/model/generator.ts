/**
 * Random sequences of operations, drawn by fast-check so that a failing one shrinks. Paths are
 * drawn as places, "two names below the seventh existing inode", and become paths at their turn. So
 * most steps meet something, and shrinking keeps them meaningful.
 */
import fc from 'fast-check';
import type { XattrUpdateName } from '../../src/client/types.js';
import { type Inode, inodesBelow, knownIds, trashedBelow } from './model-tree.js';
import type { NamespaceModel } from './namespace-model.js';
import { type Action, MAY_CROSS, type Step, type User } from './step.js';

type Place = { readonly near: number; readonly below: readonly string[]; readonly dress: number };
/** An action without its paths and inodes. */
type Draft = { readonly do: Action['do'] } & Readonly<Record<string, unknown>>;
type DrawnStep = {
  readonly user: User;
  readonly draft: Draft;
  readonly at: Place;
  readonly to: Place;
};

/** Events besides steps; a subject that cannot do one leaves it out. */
export type Happening = 'flush' | 'crash' | 'compare';
/** Steps of one group are sent at once. */
export type Event = { readonly steps: readonly DrawnStep[] } | { readonly happens: Happening };

const LONG = 'n'.repeat(255);
/** 255 bytes, but 128 characters. */
const WIDE = `${'ü'.repeat(127)}x`;
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 3, arbitrary: fc.constantFrom('aa', 'a!', 'a b', 'é', 'e\u0301', '🍎', '\t', '…') },
  { weight: 1, arbitrary: fc.constantFrom(LONG, WIDE, `${LONG}n`, `${WIDE}x`, 'm'.repeat(60)) },
);
/** Paths that reach the limits of depth (256) and of bytes (4,096), or go beyond. */
const deep = fc.constantFrom(
  Array(255).fill('a'),
  Array(256).fill('a'),
  Array(15).fill(LONG),
  Array(16).fill(LONG),
  Array(100).fill('b'),
);
const dress = fc.oneof(
  { weight: 15, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }) },
);
/** Mostly a place that exists; or, for the other kind, mostly one that does not exist yet. */
const placeOf = (there: number, fresh: number): fc.Arbitrary<Place> =>
  fc.record({
    // The first few places come often, so that one step builds on another.
    near: fc.oneof(fc.nat(), fc.nat({ max: 40 })),
    below: fc.oneof(
      { weight: there, arbitrary: fc.constant([]) },
      { weight: fresh, arbitrary: fc.tuple(name) },
      { weight: 4, arbitrary: fc.tuple(name, name) },
      { weight: 1, arbitrary: deep },
    ),
    dress,
  });
const old = placeOf(60, 8);
const fresh = placeOf(10, 50);
const user = fc.constantFrom<User>('alice', 'alice', 'bob', 'eve', 'root', 'sue');
/** Only superusers mount. */
const mounter = fc.constantFrom<User>('root', 'sue', 'root', 'alice');
const open = [0o777, 0o777, 0o777, 0o775, 0o1777, 0o2775, 0o3777];
const xattrs = fc.dictionary(
  fc.constantFrom('u', 'u', 'user.k', 'ключ'),
  fc.constantFrom('', '1', 'zwei', 'x'.repeat(300)),
  { maxKeys: 3 },
);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Values that are refused are drawn seldom: most steps must get further. */
const mostly = <T>(good: readonly T[], bad: T): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constant(bad) },
  );
const mode = mostly([...open, 0o755, 0o770, 0o711, 0o700, 0o640, 0o070, 0], 0o10000);
const ttlMs = mostly([-1, 3_600_000, 86_400_000, 2 ** 40], -2);
const ttlAction = fc.constantFrom('delete', 'free', 'deleteAlluxio');
const lowest = mostly([0, 1, 2], -1);
const highest = mostly([-1, 2, 3], 1);
const flag = fc.boolean();

const made = {
  recursive: flag,
  mode: sometimes(mode),
  ttlMs: sometimes(ttlMs),
  ttlAction: sometimes(ttlAction),
  xattrs: sometimes(xattrs),
  newPaths: flag,
};
const file = {
  ...made,
  overwrite: flag,
  blockSize: sometimes(mostly([1, 2 ** 20, 2 ** 40], 0)),
  replicationMin: sometimes(lowest),
  replicationMax: sometimes(highest),
};
const change = fc.record({
  mode: sometimes(mode),
  owner: fc.option(user, { nil: undefined, freq: 1 }),
  group: sometimes(fc.constantFrom('staff', 'authors', 'guests')),
  ttlMs: sometimes(ttlMs),
  ttlAction: sometimes(ttlAction),
  pinned: sometimes(flag),
  replicationMin: sometimes(lowest),
  replicationMax: sometimes(highest),
});
const updates: XattrUpdateName[] = ['truncate', 'unionReplace', 'unionPreserve', 'deleteKeys'];
const xattrChange = fc.record({ xattrs, xattrUpdate: fc.constantFrom(...updates) });
const putXattr = fc.record({
  xattrs: fc.record({ u: fc.constantFrom('1', '2', '3') }),
  xattrUpdate: fc.constantFrom(...updates),
});
const chmod = mode.map((to) => ({ mode: to }));

const drafts: readonly (readonly [weight: number, what: Action['do'], fields: object])[] = [
  [10, 'create', file],
  [3, 'create', {}],
  [8, 'mkdir', { ...made, allowExists: flag }],
  [5, 'mkdir', { recursive: fc.constant(true) }],
  [2, 'batchCreate', { files: fc.array(fc.record(file), { minLength: 1, maxLength: 3 }) }],
  [4, 'complete', { length: fc.nat(), mtimeMs: sometimes(fc.nat()) }],
  [6, 'delete', { recursive: flag, skipTrash: fc.boolean(), deleteMountPoints: flag }],
  [6, 'undelete', {}],
  [16, 'rename', { overwrite: flag }],
  [5, 'set', { change }],
  [5, 'set', { change: chmod }],
  [3, 'set', { change: xattrChange }],
  [4, 'set', { change: putXattr }],
  [2, 'set', { change: fc.oneof(change, chmod, xattrChange), recursive: fc.constant(true) }],
  [2, 'mount', { store: fc.nat({ max: 2 }), readOnly: fc.nat({ max: 3 }).map((n) => n === 0) }],
  [1, 'unmount', {}],
  [6, 'status', {}],
  [2, 'statusById', {}],
  [2, 'exists', {}],
  [2, 'list', { pageSize: sometimes(fc.integer({ min: 1, max: 3 })), recursive: flag }],
  [1, 'list', { prefix: sometimes(name), startAfter: sometimes(name), recursive: flag }],
  [2, 'pathOf', {}],
  [2, 'access', { bits: fc.nat({ max: 8 }) }],
  [1, 'batchStatus', {}],
  [1, 'summary', {}],
  [1, 'xattrs', {}],
];
const draftOf = (suits: (what: Action['do']) => boolean): fc.Arbitrary<Draft> =>
  fc.oneof(
    ...drafts
      .filter(([, what]) => suits(what))
      .map(([weight, what, fields]) => ({
        weight,
        arbitrary: fc.record({ do: fc.constant(what), ...fields }) as fc.Arbitrary<Draft>,
      })),
  );
const draft = draftOf(() => true);
const MAKES: ReadonlySet<Action['do']> = new Set(['create', 'mkdir', 'batchCreate', 'mount']);
const stepFrom = (from: fc.Arbitrary<Draft>): fc.Arbitrary<DrawnStep> =>
  from.chain((drawn) =>
    fc.record({
      user: drawn.do.endsWith('mount') ? mounter : user,
      draft: fc.constant(drawn),
      at: MAKES.has(drawn.do) ? fresh : old,
      to: drawn.do === 'batchStatus' ? old : fresh,
    }),
  );
const step = stepFrom(draft);
const crossing = stepFrom(draftOf((what) => MAY_CROSS.has(what)));
const happening = fc.constantFrom<Happening>('flush', 'flush', 'crash', 'compare');
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 24, arbitrary: step.map((one) => ({ steps: [one] })) },
  {
    weight: 4,
    arbitrary: fc.array(crossing, { minLength: 2, maxLength: 4 }).map((steps) => ({ steps })),
  },
  { weight: 1, arbitrary: happening.map((happens) => ({ happens })) },
);

export type Sequence = readonly Event[];
export const sequence: fc.Arbitrary<Sequence> = fc.array(event, {
  minLength: 1,
  maxLength: 60,
  size: 'max',
});

/** The step for a drawn action, in the present state, which may be one of several. */
export function stepOf(drawn: DrawnStep, models: readonly NamespaceModel[]): Step {
  const model = models[0]!;
  const { user: by, draft: fields, at, to } = drawn;
  const action = { ...withoutNothing(fields), user: by };
  const path = fields.do === 'undelete' ? trashedPath(at, model) : pathOf(at, model, fields.do);
  switch (fields.do) {
    case 'statusById':
    case 'pathOf': {
      const known = knownIds(models.map(({ state }) => state));
      return { ...action, inode: known[at.near % known.length] ?? 0 } as Step;
    }
    case 'batchStatus':
      return { ...action, paths: [path, pathOf(to, model), path] } as unknown as Step;
    case 'batchCreate': {
      const files = (fields['files'] as object[]).map((one, i) => ({
        ...withoutNothing(one),
        path: i === 0 ? path : pathOf(i === 1 ? to : { ...at, near: to.near }, model, 'create'),
      }));
      return { ...action, files } as unknown as Step;
    }
    case 'rename':
      return { ...action, path: notTop(path), to: notTop(pathOf(to, model, 'mkdir')) } as Step;
    case 'delete':
      return { ...action, path: notTop(path) } as Step;
    default:
      return { ...action, path } as Step;
  }
}

function withoutNothing(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, key === 'change' ? withoutNothing(value as object) : value]),
  );
}

function pathOf({ near, below, dress }: Place, model: NamespaceModel, what?: Action['do']): string {
  const { base, top } = model.state;
  const all = [{ path: base, inode: top }, ...inodesBelow(top, base)];
  // One in eight is taken as it comes: immediate refusals must be tested too.
  const fitting =
    near % 8 === 0 ? [] : all.filter(({ inode }) => suits(what, inode, inode === top));
  const from = fitting.length === 0 ? all : fitting;
  return dressed([from[Math.floor(near / 8) % from.length]!.path, ...below].join('/'), dress);
}

/** The target of an operation. */
function suits(what: Action['do'] | undefined, inode: Inode, isTop: boolean): boolean {
  if (what === 'complete') return !inode.directory;
  if (what === 'unmount') return inode.mountPoint;
  if (what === 'rename' || what === 'delete') return !isTop && !inode.mountPoint;
  return what === undefined || !MAKES.has(what) || inode.directory;
}

/** The parent of the top is unknown to the model; the root refuses by itself. */
const notTop = (path: string): string =>
  /^(\/none\/\.\.)?\/+[^/]+(\/|\/\.\/x\/\.\.)?$/.test(path) ? '/' : path;

/** Mostly something that can be restored. */
function trashedPath(at: Place, model: NamespaceModel): string {
  const { base, top } = model.state;
  const trashed = [...trashedBelow(top, base)];
  if (trashed.length === 0 || at.below.length > 0) return pathOf(at, model);
  return trashed[at.near % trashed.length]!;
}

/** The same path in another spelling. */
function dressed(path: string, dress: number): string {
  if (dress === 1) return `${path}/`;
  if (dress === 2) return path.replaceAll('/', '//');
  if (dress === 3) return `${path}/./x/..`;
  return dress === 4 ? path.replace(/^\//, '/none/../') : path;
}
