/**
 * One Work made ready to run: the frame that is sent, how the next call is written over it, and how
 * much a reply is worth.
 */
import {
  BatchCreateT,
  BatchGetStatusT,
  CreateDirectoryT,
  CreateFileT,
  DeleteT,
  GetStatusT,
  ListStatusT,
  RenameT,
  RequestBody,
} from '../../src/protocol/generated/index.js';
import { FrameTemplate } from './frame-template.js';
import type { Work } from './load-job.js';
import { PathPattern } from './path-pattern.js';
import { Random } from './random.js';
import type { ReplyReader } from './reply-reader.js';

export type Workload = {
  readonly template: FrameTemplate;
  /** Writes the paths of the next call over a frame at `at`; false when the work is used up. */
  prepare(target: Uint8Array, at: number): boolean;
  /** Operations that a reply with code 0 stands for; below `wanted` means that some went wrong. */
  count(reply: ReplyReader): number;
  /** Operations that a good reply must count; 0 = any number. */
  readonly wanted: number;
  /** One call may bring many replies. */
  readonly streamed: boolean;
  /** Index after the last path that was sent. */
  next(): number;
};

const one = (): number => 1;
const KIND_RENAMED = 'r';

export function makeWorkload(work: Work, seed: number): Workload {
  const pattern = new PathPattern(work.paths, work.kind);
  const path = pattern.placeholder;
  switch (work.verb) {
    case 'getStatus':
      return drawn(
        new FrameTemplate(RequestBody.GetStatus, new GetStatusT(path), [path]),
        { pattern, end: work.end, seed },
        one,
      );
    case 'batchGetStatus': {
      const paths = Array<string>(work.perFrame).fill(path);
      return drawn(
        new FrameTemplate(RequestBody.BatchGetStatus, new BatchGetStatusT(paths), paths),
        { pattern, end: work.end, seed },
        (reply) => reply.succeededCount,
      );
    }
    case 'createDirectory': {
      const body = new CreateDirectoryT(path, true, true);
      const template = new FrameTemplate(RequestBody.CreateDirectory, body, [path]);
      return inOrder(template, { patterns: [pattern], first: 0, end: work.end }, one);
    }
    case 'createFile': {
      const template = new FrameTemplate(RequestBody.CreateFile, new CreateFileT(path), [path]);
      return inOrder(template, { patterns: [pattern], first: work.first, end: work.end }, one);
    }
    case 'batchCreate': {
      const paths = Array<string>(work.perFrame).fill(path);
      const body = new BatchCreateT(paths.map((each) => new CreateFileT(each)));
      const template = new FrameTemplate(RequestBody.BatchCreate, body, paths);
      const range = { patterns: [pattern], first: work.first, end: work.end };
      return inOrder(template, range, (reply) => reply.succeededCount);
    }
    case 'rename': {
      const target = new PathPattern(work.paths, KIND_RENAMED);
      const body = new RenameT(path, target.placeholder);
      const paths = [path, target.placeholder];
      const template = new FrameTemplate(RequestBody.Rename, body, paths);
      const patterns = [pattern, target];
      return inOrder(template, { patterns, first: work.first, end: work.end }, one);
    }
    case 'delete': {
      const template = new FrameTemplate(RequestBody.Delete, new DeleteT(path), [path]);
      return inOrder(template, { patterns: [pattern], first: work.first, end: work.end }, one);
    }
    case 'listStatus':
      return listing(work.path, work.repeat);
  }
}

/** Every path drawn at random, for as long as it is wanted. */
function drawn(
  template: FrameTemplate,
  from: { readonly pattern: PathPattern; readonly end: number; readonly seed: number },
  count: Workload['count'],
): Workload {
  const random = new Random(from.seed);
  const { pathsAt } = template;
  return {
    template,
    wanted: pathsAt.length,
    count,
    streamed: false,
    next: () => 0,
    prepare(target, at) {
      for (let i = 0; i < pathsAt.length; i++) {
        from.pattern.write(target, at + pathsAt[i]!, random.below(from.end));
      }
      return true;
    },
  };
}

/**
 * Every index once. With one pattern each place of the frame takes the next index, with two all
 * places take the same one. A frame that would reach beyond the end is not sent.
 */
function inOrder(
  template: FrameTemplate,
  range: {
    readonly patterns: readonly PathPattern[];
    readonly first: number;
    readonly end: number;
  },
  count: Workload['count'],
): Workload {
  const { pathsAt } = template;
  const { patterns, end } = range;
  const perFrame = patterns.length === 1 ? pathsAt.length : 1;
  let next = range.first;
  return {
    template,
    wanted: perFrame,
    count,
    streamed: false,
    next: () => next,
    prepare(target, at) {
      if (next + perFrame > end) return false;
      for (let i = 0; i < pathsAt.length; i++) {
        const pattern = patterns.length === 1 ? patterns[0]! : patterns[i]!;
        pattern.write(target, at + pathsAt[i]!, patterns.length === 1 ? next + i : next);
      }
      next += perFrame;
      return true;
    },
  };
}

/** The same whole directory over and over, streamed. */
function listing(path: string, repeat: number): Workload {
  const body = new ListStatusT(path);
  body.stream = true;
  body.withAttributes = true;
  let left = repeat;
  return {
    template: new FrameTemplate(RequestBody.ListStatus, body),
    wanted: 0,
    count: (reply) => reply.listedCount,
    streamed: true,
    next: () => 0,
    prepare: () => left-- > 0,
  };
}
