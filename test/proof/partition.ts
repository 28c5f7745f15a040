/**
 * The search of one partition, after Wing and Gong, event by event as Lowe does it: all
 * configurations that explain what was answered so far. A configuration is a state and which of the
 * unanswered calls have taken effect in it. Calls take effect as late as possible: only when one
 * returns are the calls in flight tried before it, in every order.
 *
 *   call ─▶ pending ─▶ return: configurations without it are expanded until they have it;
 *                      none left = no order of the calls explains the answers
 *
 * A call that changes nothing (a look) takes effect as soon as a configuration agrees with it,
 * because that never hurts. Most looks are explained at once and never become pending.
 *
 * Invariant: no two configurations are equal. Invariant: `roots` are the children a state may have.
 */
import { assert } from '../../src/base/assert.js';
import { childNames, EMPTY, Inode, isLooking, type Step, step, wayOf } from './namespace-model.js';

/** One thing in flight: a call, or a part of a listing. */
export type Pending = Step & { readonly look: boolean; slot: number };

type Config = { readonly state: Inode; readonly mask: number };

/** Bits of a number that stays exact. */
const SLOTS = 52;
/** More is a sign of a workload with too much happening at one place. */
const CONFIGS_MAX = 200_000;

const bitOf = (slot: number): number => 2 ** slot;
const has = (mask: number, slot: number): boolean => Math.floor(mask / bitOf(slot)) % 2 === 1;

export const pendingOf = (of: Step): Pending => ({
  request: of.request,
  answer: of.answer,
  look: isLooking(of),
  slot: -1,
});

export class Partition {
  readonly roots: Set<string>;
  #configs: readonly Config[];
  #pending: (Pending | undefined)[] = [];
  #pendingCount = 0;
  /** Where the search went widest, for reports. */
  configsMax = 1;

  constructor(roots: Iterable<string>, state: Inode = EMPTY) {
    this.roots = new Set(roots);
    this.#configs = [{ state, mask: 0 }];
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** The one state that is possible while nothing is in flight, if there is but one. */
  get settled(): Inode | undefined {
    if (this.#pendingCount > 0 || this.#configs.length > 1) return undefined;
    return this.#configs[0]!.state;
  }

  get states(): readonly Inode[] {
    return this.#configs.map(({ state }) => state);
  }

  /** Names that a directory may have at this moment. */
  childNames(id: number): Set<string> {
    return new Set(this.#configs.flatMap(({ state }) => childNames(state, id)));
  }

  call(pending: Pending): void {
    if (pending.look) {
      const agreeing = this.#configs.filter(({ state }) => step(state, pending) === state);
      if (agreeing.length === this.#configs.length) return;
      this.#add(pending);
      const bit = bitOf(pending.slot);
      const sees = new Set(agreeing);
      this.#configs = this.#configs.map((config) =>
        sees.has(config) ? { state: config.state, mask: config.mask + bit } : config,
      );
      return;
    }
    this.#add(pending);
  }

  /** False: nothing explains the answer. */
  return(pending: Pending): boolean {
    if (pending.slot < 0) return true;
    const { slot } = pending;
    const [single] = this.#configs;
    if (this.#pendingCount === 1 && this.#configs.length === 1 && single?.mask === 0) {
      // Nothing else is in flight: by far the most frequent case.
      const state = step(single.state, pending);
      if (state === undefined) return false;
      this.#drop([pending], [{ state, mask: 0 }]);
      return true;
    }
    const explained = this.#expand(({ mask }) => has(mask, slot));
    if (explained.length === 0) return false;
    this.#drop([pending], explained);
    return true;
  }

  /** Calls that were never answered and can no longer take effect: each did, or did not. */
  expire(expired: readonly Pending[]): void {
    const open = expired.filter(({ slot }) => slot >= 0);
    if (open.length === 0) return;
    const slots = new Set(open.map(({ slot }) => slot));
    const before = this.#configs;
    const after = this.#expand((_, last) => last !== undefined && slots.has(last), true);
    this.#drop(open, [...before, ...after]);
  }

  /** Both as one: a call is about to touch roots of both. */
  merge(other: Partition): void {
    const slotOf = new Map<number, number>();
    for (const pending of other.#pending) {
      if (pending === undefined) continue;
      const before = pending.slot;
      this.#add(pending);
      slotOf.set(before, pending.slot);
    }
    const move = (mask: number): number => {
      let moved = 0;
      for (const [before, slot] of slotOf) if (has(mask, before)) moved += bitOf(slot);
      return moved;
    };
    for (const root of other.roots) this.roots.add(root);
    const others = other.#configs.map(({ state, mask }) => ({ state, mask: move(mask) }));
    this.#configs = this.#configs.flatMap((mine) =>
      others.map((its) => ({ state: union(mine.state, its.state), mask: mine.mask + its.mask })),
    );
  }

  /** One partition a root again, as soon as nothing in flight or undecided ties them together. */
  split(): Partition[] | undefined {
    if (this.roots.size === 1) return undefined;
    const slotsOf = this.#slotsByRoot();
    if (slotsOf === undefined) return undefined;
    const parts = [...slotsOf].map(([root, slots]) => ({
      root,
      slots,
      configs: distinct(
        this.#configs.map(({ state, mask }) => ({
          state: only(state, root),
          mask: slots.reduce((sum, slot) => sum + (has(mask, slot) ? bitOf(slot) : 0), 0),
        })),
      ),
    }));
    // They are independent only if every combination is among the configurations.
    const product = parts.reduce((count, { configs }) => count * configs.length, 1);
    if (product !== this.#configs.length) return undefined;
    return parts.map(({ root, slots, configs }) => {
      const part = new Partition([root]);
      part.#configs = configs;
      for (const slot of slots) part.#pending[slot] = this.#pending[slot];
      part.#pendingCount = slots.length;
      return part;
    });
  }

  /** Undefined while a call in flight touches two roots. */
  #slotsByRoot(): Map<string, number[]> | undefined {
    const slots = new Map([...this.roots].map((root) => [root, [] as number[]]));
    for (const pending of this.#pending) {
      if (pending === undefined) continue;
      const [root, other] = rootsOf(pending);
      if (other !== undefined) return undefined;
      slots.get(root!)!.push(pending.slot);
    }
    return slots;
  }

  #add(pending: Pending): void {
    let slot = 0;
    while (this.#pending[slot] !== undefined) slot++;
    assert(slot < SLOTS, 'fewer calls are in flight in one partition');
    pending.slot = slot;
    this.#pending[slot] = pending;
    this.#pendingCount++;
  }

  #drop(done: readonly Pending[], configs: readonly Config[]): void {
    const cleared = configs.map(({ state, mask }) => {
      let left = mask;
      for (const { slot } of done) if (has(left, slot)) left -= bitOf(slot);
      return { state, mask: left };
    });
    for (const pending of done) {
      this.#pending[pending.slot] = undefined;
      pending.slot = -1;
      this.#pendingCount--;
    }
    this.#configs = distinct(cleared);
    this.configsMax = Math.max(this.configsMax, this.#configs.length);
  }

  /**
   * Every configuration that is reached by calls in flight taking effect and `ends`; those go no
   * further unless `through`. `last` is the slot of the call that was applied last.
   */
  #expand(ends: (config: Config, last: number | undefined) => boolean, through = false): Config[] {
    const seen = new Set<string>();
    const found: Config[] = [];
    const visit = (config: Config, last: number | undefined): void => {
      const key = keyOf(config);
      if (seen.has(key)) return;
      seen.add(key);
      assert(seen.size <= CONFIGS_MAX, 'few calls at one place are in flight at a time');
      const isEnd = ends(config, last);
      if (isEnd) found.push(config);
      if (!isEnd || through) queue.push(config);
    };
    const queue: Config[] = [];
    for (const config of this.#configs) visit(config, undefined);
    for (let config = queue.pop(); config !== undefined; config = queue.pop()) {
      for (const pending of this.#pending) {
        if (pending === undefined || has(config.mask, pending.slot)) continue;
        const state = step(config.state, pending);
        if (state === undefined) continue;
        const mask = config.mask + bitOf(pending.slot);
        visit(this.#look({ state, mask }), pending.slot);
      }
    }
    return found;
  }

  /** The looks that agree with this state take effect in it. */
  #look(config: Config): Config {
    let { mask } = config;
    for (const pending of this.#pending) {
      if (pending === undefined || !pending.look || has(mask, pending.slot)) continue;
      if (step(config.state, pending) === config.state) mask += bitOf(pending.slot);
    }
    return { state: config.state, mask };
  }
}

const keyOf = ({ state, mask }: Config): string => `${mask}|${state.key}`;

function distinct(configs: readonly Config[]): Config[] {
  if (configs.length < 2) return [...configs];
  return [...new Map(configs.map((config) => [keyOf(config), config])).values()];
}

function union(left: Inode, right: Inode): Inode {
  return new Inode(EMPTY.sight, new Map([...left.children, ...right.children]));
}

function only(state: Inode, root: string): Inode {
  const child = state.children.get(root);
  return child === undefined ? EMPTY : EMPTY.withChild(root, child);
}

/** The roots that a step touches: one, or two. */
export function rootsOf({ request }: Step): readonly string[] {
  const root = wayOf(request.path)[0]!;
  if (request.do !== 'rename') return [root];
  const other = wayOf(request.to)[0]!;
  return other === root ? [root] : [root, other];
}
