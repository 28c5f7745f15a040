/**
 * One Work made ready to run by one thread: the frames that are sent, how the next call is written
 * over them, and how much a reply is worth.
 */
import { Code } from '../../src/base/status.js';
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
} from '../../src/wire/generated/index.js';
import { FrameTemplate } from './frame-template.js';
import type { SingleWork, Work } from './load-job.js';
import { eachWorkload, mixWorkload } from './mix-workload.js';
import { countOne, type Operation, type Sharing, type Workload } from './operations.js';
import { PathPattern } from './path-pattern.js';
import { Random } from './random.js';
import type { SharedCursor } from './shared-cursor.js';

/** A rename goes from one to the other, and back. */
const KIND_CREATED = 'n';
const KIND_RENAMED = 'r';
const TOKEN = 0;

export function makeWorkload(work: Work, seed: number, sharing: Sharing): Workload {
  if (work.verb === 'mix') return mixWorkload(work, seed, sharing);
  if (work.verb === 'each') return eachWorkload(work, seed, sharing);
  return { operations: [single(work, seed, sharing.cursor)], pick: () => 0 };
}

function single(work: SingleWork, seed: number, cursor: SharedCursor): Operation {
  const pattern = new PathPattern(work.paths, work.kind);
  const path = pattern.placeholder;
  switch (work.verb) {
    case 'getStatus':
      return drawn(
        work.verb,
        new FrameTemplate(RequestBody.GetStatus, new GetStatusT(path), [path]),
        { pattern, end: work.end, seed },
        countOne,
      );
    case 'batchGetStatus': {
      const paths = Array<string>(work.perFrame).fill(path);
      return drawn(
        work.verb,
        new FrameTemplate(RequestBody.BatchGetStatus, new BatchGetStatusT(paths), paths),
        { pattern, end: work.end, seed },
        (reply) => reply.succeededCount,
      );
    }
    case 'createDirectory': {
      const body = new CreateDirectoryT(path, true, true);
      const template = new FrameTemplate(RequestBody.CreateDirectory, body, [path]);
      return inOrder(work, template, { patterns: [pattern], cursor }, countOne);
    }
    case 'createFile': {
      const template = new FrameTemplate(RequestBody.CreateFile, new CreateFileT(path), [path]);
      return inOrder(work, template, { patterns: [pattern], cursor }, countOne);
    }
    case 'batchCreate': {
      const paths = Array<string>(work.perFrame).fill(path);
      const body = new BatchCreateT(paths.map((each) => new CreateFileT(each)));
      const template = new FrameTemplate(RequestBody.BatchCreate, body, paths);
      const range = { patterns: [pattern], cursor };
      return inOrder(work, template, range, (reply) => reply.succeededCount);
    }
    case 'rename': {
      const back = work.kind === KIND_RENAMED;
      const target = new PathPattern(work.paths, back ? KIND_CREATED : KIND_RENAMED);
      const body = new RenameT(path, target.placeholder);
      const paths = [path, target.placeholder];
      const template = new FrameTemplate(RequestBody.Rename, body, paths);
      const patterns = [pattern, target];
      return inOrder(work, template, { patterns, cursor }, countOne);
    }
    case 'delete': {
      const template = new FrameTemplate(RequestBody.Delete, new DeleteT(path), [path]);
      return inOrder(work, template, { patterns: [pattern], cursor }, countOne);
    }
    case 'listStatus':
      return listing(work, cursor);
  }
}

/** Every path drawn at random, for as long as it is wanted. */
function drawn(
  name: string,
  template: FrameTemplate,
  from: { readonly pattern: PathPattern; readonly end: number; readonly seed: number },
  count: Operation['count'],
): Operation {
  const random = new Random(from.seed);
  const { pathsAt } = template;
  return {
    name,
    template,
    wanted: pathsAt.length,
    count,
    streamed: false,
    code: Code.OK,
    prepare(target, at) {
      for (let i = 0; i < pathsAt.length; i++) {
        from.pattern.write(target, at + pathsAt[i]!, random.below(from.end));
      }
      return TOKEN;
    },
  };
}

/**
 * Every index once. With one pattern each place of the frame takes the next index, with two all
 * places take the same one. A frame that would reach beyond the end is not sent.
 */
function inOrder(
  work: { readonly verb: string; readonly end: number },
  template: FrameTemplate,
  range: { readonly patterns: readonly PathPattern[]; readonly cursor: SharedCursor },
  count: Operation['count'],
): Operation {
  const { pathsAt } = template;
  const { patterns, cursor } = range;
  const perFrame = patterns.length === 1 ? pathsAt.length : 1;
  return {
    name: work.verb,
    template,
    wanted: perFrame,
    count,
    streamed: false,
    code: Code.OK,
    prepare(target, at) {
      const first = cursor.take(perFrame, work.end);
      if (first < 0) return first;
      for (let i = 0; i < pathsAt.length; i++) {
        const pattern = patterns.length === 1 ? patterns[0]! : patterns[i]!;
        pattern.write(target, at + pathsAt[i]!, patterns.length === 1 ? first + i : first);
      }
      return TOKEN;
    },
  };
}

/** The same whole directory over and over, streamed. */
function listing(
  work: Extract<SingleWork, { verb: 'listStatus' }>,
  cursor: SharedCursor,
): Operation {
  const body = new ListStatusT(work.path);
  body.stream = true;
  body.recursive = work.recursive ?? false;
  body.withAttributes = work.attributes ?? true;
  return {
    name: 'listStatus',
    template: new FrameTemplate(RequestBody.ListStatus, body),
    wanted: 0,
    count: (reply) => reply.listedCount,
    streamed: true,
    code: Code.OK,
    prepare: () => cursor.take(1, work.repeat),
  };
}
