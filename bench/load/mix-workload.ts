/**
 * Operations by weight over a tree, and one operation over a range, each path once.
 *
 * In a mix, reads and changes of attributes draw their files from the tree, which nobody renames or
 * deletes. Creates take new names; what they have made goes into the thread's own pool, and renames
 * (n to r, then back) and deletes take from there: so no call fails because of another one, and the
 * tree keeps its shape however long the mix runs. If the pool is empty, a file is created instead.
 */

import { FilePool } from './file-pool.js';
import type { MixWork, Work } from './load-job.js';
import {
  countOne,
  effectOf,
  type Operation,
  type OperationName,
  type OperationPlan,
  planOperation,
  type Sharing,
  type Workload,
} from './operations.js';
import { FILES_MAX } from './path-pattern.js';
import { Permutation } from './permutation.js';
import { Random } from './random.js';
import { Zipf } from './zipf.js';

type Prepare = Pick<Operation, 'prepare' | 'ended'>;

const DRAW_END = 1 << 30;
const LETTER_CREATED = 'n'.charCodeAt(0);
const LETTER_RENAMED = 'r'.charCodeAt(0);

export function eachWorkload(
  work: Extract<Work, { verb: 'each' }>,
  seed: number,
  { cursor }: Sharing,
): Workload {
  const { first, end } = work;
  const plan = planOperation(work.operation, work.paths, work.kind);
  const order = work.shuffled === true ? new Permutation(end - first, seed) : undefined;
  const operation = operationOf(work.operation, plan, {
    prepare(target, at) {
      const index = cursor.take(1, end);
      if (index < 0) return index;
      writePaths(plan, target, at, order === undefined ? index : first + order.at(index - first));
      return index;
    },
  });
  return { operations: [operation], pick: () => 0 };
}

export function mixWorkload(work: MixWork, seed: number, sharing: Sharing): Workload {
  const mix = new Mix(work, seed, sharing);
  return { operations: mix.operations, pick: () => mix.pick() };
}

class Mix {
  readonly operations: Operation[];
  readonly #random: Random;
  readonly #pool = new FilePool();
  readonly #draw: () => number;
  readonly #recent: () => number;
  readonly #sharing: Sharing;
  readonly #ends: number[] = [];
  /** Which operations need a file of the pool. */
  readonly #takesPooled: boolean[];
  readonly #create: number;

  constructor(work: MixWork, seed: number, sharing: Sharing) {
    this.#sharing = sharing;
    this.#random = new Random(seed + sharing.index);
    const zipf =
      work.zipf === undefined ? undefined : new Zipf(work.files, work.zipf, this.#random);
    // Popular files are no neighbours; a rank's file is anywhere, the same for all threads.
    const places = new Permutation(work.files, seed);
    this.#draw = () =>
      zipf === undefined ? this.#random.below(work.files) : places.at(zipf.rank());
    this.#recent = () => zipf?.rank() ?? this.#random.below(DRAW_END);
    for (let index = work.pool.first; index < work.pool.end; index++) {
      if (index % sharing.count === sharing.index) this.#pool.put(index * 2);
    }
    let sum = 0;
    const whole = work.operations.reduce((total, { weight }) => total + weight, 0);
    for (const { weight } of work.operations) {
      sum += weight;
      this.#ends.push((sum / whole) * DRAW_END);
    }
    this.operations = work.operations.map(({ name }) => this.#operation(name, work));
    this.#takesPooled = work.operations.map(({ name }) => takesPooled(name));
    this.#create = work.operations.findIndex(({ name }) => name === 'CreateFile');
  }

  pick(): number {
    let picked = 0;
    if (this.#ends.length > 1) {
      const at = this.#random.below(DRAW_END);
      while (at >= this.#ends[picked]! && picked < this.#ends.length - 1) picked++;
    }
    const isBare = this.#pool.size === 0 && this.#takesPooled[picked]! && this.#create >= 0;
    return isBare ? this.#create : picked;
  }

  #operation(name: OperationName, work: MixWork): Operation {
    const plan = planOperation(name, work.paths, name === 'OpenRecent' ? 'n' : 'f');
    return operationOf(name, plan, this.#prepare(name, plan));
  }

  #prepare(name: OperationName, plan: OperationPlan): Prepare {
    switch (effectOf(name)) {
      case 'creates':
        return this.#creating(name === 'CreateFile', plan);
      case 'renames':
        return this.#renaming(plan);
      case 'deletes':
        return this.#deleting(plan);
      default:
        return name === 'OpenRecent' ? this.#openingRecent(plan) : this.#drawing(plan);
    }
  }

  #drawing(plan: OperationPlan): Prepare {
    return {
      prepare: (target, at) => {
        const index = this.#draw();
        writePaths(plan, target, at, index);
        return index;
      },
    };
  }

  #openingRecent(plan: OperationPlan): Prepare {
    return {
      prepare: (target, at) => {
        const entry = this.#pool.peekRecent(this.#recent());
        if (entry >= 0) writePaths(plan, target, at, entry >>> 1);
        return entry;
      },
    };
  }

  #creating(isFile: boolean, plan: OperationPlan): Prepare {
    return {
      prepare: (target, at) => {
        const index = this.#sharing.cursor.take(1, FILES_MAX);
        if (index >= 0) writePaths(plan, target, at, index);
        return index;
      },
      ended: (index, succeeded) => {
        if (succeeded && isFile) this.#pool.put(index * 2);
      },
    };
  }

  #renaming(plan: OperationPlan): Prepare {
    return {
      prepare: (target, at) => {
        const entry = this.#pool.take();
        if (entry < 0) return entry;
        writePaths(plan, target, at, entry >>> 1);
        writeLetter(plan, target, at, 0, entry & 1);
        writeLetter(plan, target, at, 1, 1 - (entry & 1));
        return entry;
      },
      ended: (entry, succeeded) => {
        if (succeeded) this.#pool.put(entry ^ 1);
      },
    };
  }

  #deleting(plan: OperationPlan): Prepare {
    return {
      prepare: (target, at) => {
        const entry = this.#pool.take();
        if (entry < 0) return entry;
        writePaths(plan, target, at, entry >>> 1);
        writeLetter(plan, target, at, 0, entry & 1);
        return entry;
      },
    };
  }
}

const takesPooled = (name: OperationName): boolean =>
  effectOf(name) === 'renames' || effectOf(name) === 'deletes' || name === 'OpenRecent';

function operationOf(name: string, { template, code }: OperationPlan, prepare: Prepare): Operation {
  return { name, template, code, ...prepare, count: countOne, wanted: 1, streamed: false };
}

function writePaths(plan: OperationPlan, target: Uint8Array, at: number, index: number): void {
  for (let i = 0; i < plan.patterns.length; i++) {
    plan.patterns[i]!.write(target, at + plan.template.pathsAt[i]!, index);
  }
}

function writeLetter(
  plan: OperationPlan,
  target: Uint8Array,
  at: number,
  path: number,
  renamed: number,
): void {
  const letter = renamed === 1 ? LETTER_RENAMED : LETTER_CREATED;
  plan.patterns[path]!.writeKind(target, at + plan.template.pathsAt[path]!, letter);
}
