/**
 * The views of one thread over the one shared WebAssembly.Memory, and the words of its control
 * region. The memory never grows (initial = maximum), so no view is ever detached.
 */
import { assert } from '../../base/assert.js';
import { CONTROL, CONTROL_BASE, EXECUTOR_BYTES } from './layout.js';
import { COUNTER_BYTES } from './layout-counters.js';
import type { Layout } from './layout-plan.js';

const WASM_PAGE_BYTES = 65_536;

export class SharedMemory {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.u8 = new Uint8Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    this.view = new DataView(memory.buffer);
  }

  /** Makes the memory and writes the words that never change; main does this once. */
  static create(layout: Layout): SharedMemory {
    const pages = layout.bytes / WASM_PAGE_BYTES;
    assert(Number.isInteger(pages), 'a memory is whole pages');
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const shared = new SharedMemory(memory);
    for (const [word, value] of layout.words) {
      shared.view.setUint32(CONTROL_BASE + word, value, true);
    }
    return shared;
  }

  /** Whether expensive invariants are checked (ORCHARD_INVARIANTS). */
  get checked(): boolean {
    return this.fixed(CONTROL.CHECKED) !== 0;
  }

  /** A control word that never changes after start. */
  fixed(word: number): number {
    return this.view.getUint32(CONTROL_BASE + word, true);
  }

  /** Byte offset of an executor's block. */
  executorBase(executor: number): number {
    return this.fixed(CONTROL.EXECUTOR_BASE) + executor * EXECUTOR_BYTES;
  }

  /** Index, in `f64`, of a word of COUNTER in an executor's counters. */
  counterAt(executor: number, word: number): number {
    return (this.fixed(CONTROL.COUNTER_BASE) + executor * COUNTER_BYTES + word) >> 3;
  }

  /** Reads a changing u32 word; seq-cst, so what its writer did before is visible after. */
  load(word: number): number {
    return Atomics.load(this.i32, (CONTROL_BASE + word) >> 2) >>> 0;
  }

  store(word: number, value: number): void {
    Atomics.store(this.i32, (CONTROL_BASE + word) >> 2, value | 0);
  }

  /** Adds and returns the old value. */
  add(word: number, value: number): number {
    return Atomics.add(this.i32, (CONTROL_BASE + word) >> 2, value) >>> 0;
  }

  /** Sets or clears bits of a word in which several threads own bits. */
  putBits(word: number, bits: number, isSet: boolean): void {
    const at = (CONTROL_BASE + word) >> 2;
    if (isSet) Atomics.or(this.i32, at, bits);
    else Atomics.and(this.i32, at, ~bits);
  }

  /**
   * Adds one to a bell word and wakes whoever sleeps on it. `offset` is an absolute byte offset.
   */
  ring(offset: number): void {
    assert(offset % 4 === 0, 'a bell is a word');
    Atomics.add(this.i32, offset >> 2, 1);
    Atomics.notify(this.i32, offset >> 2);
  }
}
