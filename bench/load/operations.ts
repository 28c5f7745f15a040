/**
 * The operations of the stress benches, named as in Alluxio's StressMasterBench where it has them:
 * each is one call, encoded once, of which only the paths change.
 *
 * OpenFile asks for the status with owner, group and place in the store: what a client needs to
 * open a file as long as there are no blocks. GetBlockLocations will come with blocks.
 */
import { Code } from '../../src/base/status.js';
import {
  CompleteFileT,
  CreateDirectoryT,
  CreateFileT,
  DeleteT,
  ExistsT,
  GetStatusT,
  ListStatusT,
  RenameT,
  RequestBody,
  SetAttributeT,
} from '../../src/wire/generated/index.js';
import { FrameTemplate } from './frame-template.js';
import { LOAD_USER } from './load-user.js';
import { type PathKind, PathPattern, type PathShape } from './path-pattern.js';
import type { ReplyReader } from './reply-reader.js';
import type { SharedCursor } from './shared-cursor.js';

/** One kind of call. Its paths come from an index that the workload chooses. */
export type Operation = {
  readonly name: string;
  readonly template: FrameTemplate;
  /** Writes the paths of the next call over a frame at `at`. Its token; -1 = nothing is left. */
  prepare(target: Uint8Array, at: number): number;
  /** Operations that a good reply stands for; below `wanted` means that some went wrong. */
  count(reply: ReplyReader): number;
  /** Operations that a good reply must count; 0 = any number. */
  readonly wanted: number;
  /** One call may bring many replies. */
  readonly streamed: boolean;
  /** The code of a good reply: a look-up of what is missing must not find it. */
  readonly code: number;
  ended?(token: number, succeeded: boolean): void;
};

/** What one thread sends. */
export type Workload = {
  readonly operations: readonly Operation[];
  /** Which of them is next. */
  pick(): number;
};

/** Shared by all threads of the generator, and the index of this one. */
export type Sharing = {
  readonly cursor: SharedCursor;
  readonly index: number;
  readonly count: number;
};

export const operationNames = [
  'GetFileStatus',
  'GetDirStatus',
  'GetMissingStatus',
  'Exists',
  'OpenFile',
  'OpenRecent',
  'ListDir',
  'ListFile',
  'CreateFile',
  'CompleteFile',
  'CreateDir',
  'RenameFile',
  'RenameOver',
  'DeleteFile',
  'SetMode',
  'SetDirMode',
  'SetDirGroup',
  'SetReplication',
] as const;
export type OperationName = (typeof operationNames)[number];

/** Operations that find their file in the wanted state however often they are called. */
export const lastingOperationNames = operationNames.filter(
  (name) => name !== 'CompleteFile' && name !== 'RenameOver',
);

type Body = ConstructorParameters<typeof FrameTemplate>[1];

/** The part of the namespace that a call changes. */
export type Effect = 'reads' | 'changes' | 'creates' | 'renames' | 'deletes';

export type OperationPlan = {
  readonly code: number;
  readonly template: FrameTemplate;
  readonly patterns: readonly PathPattern[];
};

/** A length that mdtest's hard phase writes. */
const FILE_BYTES = 3901;
const MODE_FILE = 0o640;
const MODE_DIRECTORY = 0o750;
const REPLICATION = 2;

type Recipe = {
  readonly type: RequestBody;
  readonly effect: Effect;
  /** Whether the path is a leaf directory, whatever kind of file is asked for. */
  readonly leaf?: true;
  readonly kind?: PathKind;
  /** Of a rename; 'r' when absent. */
  readonly target?: PathKind;
  readonly code?: number;
  readonly body: (path: string, target: string) => Body;
};

function opening(path: string): GetStatusT {
  const body = new GetStatusT(path);
  body.withAttributes = true;
  return body;
}

function setting(path: string, change: (body: SetAttributeT) => void): SetAttributeT {
  const body = new SetAttributeT(path);
  change(body);
  return body;
}

const recipes: Record<OperationName, Recipe> = {
  GetFileStatus: reading(RequestBody.GetStatus, (path) => new GetStatusT(path)),
  GetDirStatus: {
    ...reading(RequestBody.GetStatus, (path) => new GetStatusT(path)),
    leaf: true,
  },
  GetMissingStatus: {
    ...reading(RequestBody.GetStatus, (path) => new GetStatusT(path)),
    kind: 'm',
    code: Code.NOT_FOUND,
  },
  Exists: { ...reading(RequestBody.Exists, (path) => new ExistsT(path)), kind: 'm' },
  OpenFile: reading(RequestBody.GetStatus, opening),
  OpenRecent: { ...reading(RequestBody.GetStatus, opening), kind: 'n' },
  ListDir: { ...reading(RequestBody.ListStatus, (path) => new ListStatusT(path)), leaf: true },
  ListFile: reading(RequestBody.ListStatus, (path) => new ListStatusT(path)),
  CreateFile: {
    type: RequestBody.CreateFile,
    effect: 'creates',
    kind: 'n',
    body: (path) => new CreateFileT(path),
  },
  CompleteFile: {
    type: RequestBody.CompleteFile,
    effect: 'changes',
    kind: 'n',
    body: (path) => new CompleteFileT(path, FILE_BYTES),
  },
  CreateDir: {
    type: RequestBody.CreateDirectory,
    effect: 'creates',
    kind: 'd',
    body: (path) => new CreateDirectoryT(path),
  },
  RenameFile: {
    type: RequestBody.Rename,
    effect: 'renames',
    body: (path, target) => new RenameT(path, target),
  },
  RenameOver: {
    type: RequestBody.Rename,
    effect: 'renames',
    target: 'f',
    body: (path, target) => new RenameT(path, target, true),
  },
  DeleteFile: {
    type: RequestBody.Delete,
    effect: 'deletes',
    body: (path) => new DeleteT(path),
  },
  SetMode: {
    type: RequestBody.SetAttribute,
    effect: 'changes',
    body: (path) =>
      setting(path, (body) => {
        body.mode = MODE_FILE;
      }),
  },
  SetDirMode: {
    type: RequestBody.SetAttribute,
    effect: 'changes',
    leaf: true,
    body: (path) =>
      setting(path, (body) => {
        body.mode = MODE_DIRECTORY;
      }),
  },
  SetDirGroup: {
    type: RequestBody.SetAttribute,
    effect: 'changes',
    leaf: true,
    body: (path) =>
      setting(path, (body) => {
        body.group = LOAD_USER;
      }),
  },
  SetReplication: {
    type: RequestBody.SetAttribute,
    effect: 'changes',
    body: (path) =>
      setting(path, (body) => {
        body.replicationMin = REPLICATION;
      }),
  },
};

function reading(type: RequestBody, body: (path: string) => Body): Recipe {
  return { type, effect: 'reads', body };
}

export const effectOf = (name: OperationName): Effect => recipes[name].effect;

/** `kind` where the operation leaves it open. */
export function planOperation(
  name: OperationName,
  paths: PathShape,
  kind: PathKind,
): OperationPlan {
  const recipe = recipes[name];
  const shape = recipe.leaf === true ? leafOf(paths) : paths;
  const source = new PathPattern(shape, recipe.kind ?? kind);
  const patterns = [source];
  if (recipe.effect === 'renames') patterns.push(new PathPattern(shape, recipe.target ?? 'r'));
  const texts = patterns.map((pattern) => pattern.placeholder);
  const body = recipe.body(texts[0]!, texts[1] ?? '');
  return {
    code: recipe.code ?? Code.OK,
    template: new FrameTemplate(recipe.type, body, texts),
    patterns,
  };
}

/** The directories that the files are in. */
export function leafOf(paths: PathShape): PathShape {
  return paths.shape === 'flat'
    ? { ...paths, shape: 'root' }
    : ({ ...paths, shape: 'leaf' } as PathShape);
}

export const countOne = (): number => 1;
