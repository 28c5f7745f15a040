/**
 * Benches that are sequences of phases over one tree, each phase ending when its work is used up:
 * the shapes that metadata benchmarks and users have.
 *
 *   io500     mdtest easy (a directory a rank) and hard (one directory), in IO500's order
 *   deep      look-ups by paths of 4, 8, 16 and 32 components
 *   bigdir    one directory: create, random stat, list, delete all
 *   contend   many clients in one parent: files, directories, renames to their final names
 *   training  a scan, epochs that touch each file once in a random order, checkpoints
 *   negative  look-ups of what is not there, and asking before creating
 *   subtree   one call on a directory with the whole tree below
 */

import type { OrchardClient } from '../src/client/index.js';
import type { SingleWork, Work } from './load/load-job.js';
import type { OperationName } from './load/operations.js';
import type { PathKind, PathShape } from './load/path-pattern.js';

export const suiteNames = [
  'io500',
  'deep',
  'bigdir',
  'contend',
  'training',
  'negative',
  'subtree',
] as const;
export type SuiteName = (typeof suiteNames)[number];

export type Phase = {
  readonly name: string;
  /** What a reader of the figures should know beside. */
  readonly facts?: Readonly<Record<string, number>>;
} & (
  | { readonly work: Work; readonly shape?: { connections: number; depth: number } }
  /** One call, by the client of the superuser; what it did, in entries. */
  | { readonly call: (client: OrchardClient) => Promise<number> }
);

export type SuiteTree = {
  /** Of files f0 …, empty unless `isFilled`. */
  readonly paths: PathShape;
  readonly isFilled: boolean;
  readonly phases: readonly Phase[];
};

const DEPTHS = [4, 8, 16, 32] as const;
const DEPTH_OF_FILE = 4;
const DEEP_DIRECTORIES = 1000;
const LISTINGS = 3;
const one = { connections: 1, depth: 1 } as const;
const flat: PathShape = { shape: 'flat' };

export type SuiteSize = { readonly files: number; readonly directories: number };

export function suiteOf(name: SuiteName, size: SuiteSize): SuiteTree {
  const paths: PathShape = { shape: 'spread', directories: size.directories };
  switch (name) {
    case 'io500':
      return { paths, isFilled: false, phases: io500(paths, size) };
    case 'deep':
      return { paths, isFilled: false, phases: deep(size) };
    case 'bigdir':
      return { paths, isFilled: false, phases: bigDirectory(size) };
    case 'contend':
      return { paths, isFilled: false, phases: contention(size) };
    case 'training':
      return { paths, isFilled: true, phases: training(paths, size) };
    case 'negative':
      return { paths, isFilled: true, phases: negative(paths, size) };
    case 'subtree':
      return { paths, isFilled: true, phases: subtree() };
  }
}

/** Where the tree of one depth hangs: /deep08/x/x/x/x/a00/b00/f… has 8 components. */
export function deepShape(depth: number): PathShape & { root: string; directories: number } {
  const root = `/deep${String(depth).padStart(2, '0')}${'/x'.repeat(depth - DEPTH_OF_FILE)}`;
  return { shape: 'spread', root, directories: DEEP_DIRECTORIES };
}

export const deepShapes = (): ReturnType<typeof deepShape>[] => DEPTHS.map(deepShape);

function each(
  name: string,
  operation: OperationName,
  paths: PathShape,
  range: { kind: PathKind; first?: number; end: number; shuffled?: boolean },
): Phase {
  return { name, work: { verb: 'each', operation, paths, first: 0, ...range } };
}

function io500(paths: PathShape, { files: end }: SuiteSize): Phase[] {
  const mine = { kind: 'n', end } as const;
  const find: SingleWork = {
    verb: 'listStatus',
    kind: 'n',
    paths,
    path: '/bench',
    repeat: 1,
    recursive: true,
  };
  return [
    each('easy-write', 'CreateFile', paths, mine),
    each('hard-write: create', 'CreateFile', flat, mine),
    each('hard-write: complete', 'CompleteFile', flat, mine),
    { name: 'find', work: find, shape: one },
    each('easy-stat', 'GetFileStatus', paths, { ...mine, shuffled: true }),
    each('hard-stat', 'GetFileStatus', flat, { ...mine, shuffled: true }),
    each('easy-delete', 'DeleteFile', paths, mine),
    each('hard-read: open', 'OpenFile', flat, { ...mine, shuffled: true }),
    each('hard-delete', 'DeleteFile', flat, mine),
  ];
}

function deep({ files: end }: SuiteSize): Phase[] {
  return DEPTHS.map((depth) => ({
    ...each(`stat at depth ${depth}`, 'GetFileStatus', deepShape(depth), {
      kind: 'f',
      end,
      shuffled: true,
    }),
    facts: { pathDepth: depth },
  }));
}

function bigDirectory({ files: end }: SuiteSize): Phase[] {
  const mine = { kind: 'n', end } as const;
  const list = (name: string, attributes: boolean): Phase => ({
    name,
    work: {
      verb: 'listStatus',
      kind: 'n',
      paths: flat,
      path: '/flat',
      repeat: LISTINGS,
      attributes,
    },
    shape: one,
  });
  return [
    each('create', 'CreateFile', flat, mine),
    each('random stat', 'GetFileStatus', flat, { ...mine, shuffled: true }),
    list('list', false),
    list('list with attributes', true),
    each('first page', 'ListDir', flat, { ...mine, end: Math.min(end, 2000) }),
    each('delete', 'DeleteFile', flat, mine),
  ];
}

function contention({ files: end }: SuiteSize): Phase[] {
  const mine = { kind: 'n', end } as const;
  return [
    each('create files', 'CreateFile', flat, mine),
    each('create directories', 'CreateDir', flat, { kind: 'd', end }),
    each('rename to final', 'RenameFile', flat, mine),
  ];
}

function training(paths: PathShape, { files: end, directories }: SuiteSize): Phase[] {
  const tree = { kind: 'f', end } as const;
  const saved = { kind: 'n', end: Math.ceil(end / 10) } as const;
  return [
    each('scan: list', 'ListDir', paths, { kind: 'f', end: directories }),
    each('scan: stat', 'GetFileStatus', paths, tree),
    each('epoch: stat', 'GetFileStatus', paths, { ...tree, shuffled: true }),
    each('epoch: open', 'OpenFile', paths, { ...tree, shuffled: true }),
    each('checkpoint: create', 'CreateFile', paths, saved),
    each('checkpoint: complete', 'CompleteFile', paths, saved),
    each('checkpoint: rename over', 'RenameOver', paths, saved),
  ];
}

function negative(paths: PathShape, { files: end }: SuiteSize): Phase[] {
  const missing = { kind: 'm', end } as const;
  return [
    each('stat of what is missing', 'GetMissingStatus', paths, { ...missing, shuffled: true }),
    each('the same again', 'GetMissingStatus', paths, { ...missing, shuffled: true }),
    each('exists before create', 'Exists', paths, { ...missing, shuffled: true }),
    each('create', 'CreateFile', paths, { kind: 'n', end: Math.ceil(end / 4) }),
  ];
}

function subtree(): Phase[] {
  const total = async (client: OrchardClient, path: string): Promise<number> => {
    const { files, directories } = await client.contentSummary(path);
    return files + directories;
  };
  return [
    { name: 'content summary', call: (client) => total(client, '/bench') },
    {
      name: 'rename the directory',
      call: async (client) => {
        await client.rename('/bench', '/moved');
        return 1;
      },
    },
    {
      name: 'recursive chmod',
      call: async (client) => {
        await client.setAttribute('/moved', { mode: 0o750, recursive: true });
        return total(client, '/moved');
      },
    },
    {
      name: 'recursive delete',
      call: async (client) => {
        await client.delete('/moved', { recursive: true });
        return 1;
      },
    },
  ];
}
