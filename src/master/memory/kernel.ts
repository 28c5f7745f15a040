/**
 * The door to the WebAssembly kernels: one instance per thread, all over the one shared memory.
 * Instantiation writes the module's constant data again, with the same bytes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert, brokenText, SharedStateError } from '../../base/assert.js';
import type { KernelExports } from './exports.js';
import { invariantText } from './kernel-invariants.js';
import { CONTROL, CONTROL_BASE, CONTROL_MAGIC } from './layout.js';
import { LAYOUT_HASH } from './layout-tables.js';

/** From dist/src/kernel, where threads run, and from src/kernel, where tests may. */
const PLACES = ['../../../kernel.wasm', '../../../dist/kernel.wasm'] as const;

let kernelModule: WebAssembly.Module | undefined;

/** Reads and compiles dist/kernel.wasm, once a thread. */
export function loadKernelModule(): WebAssembly.Module {
  kernelModule ??= new WebAssembly.Module(readKernelBytes());
  return kernelModule;
}

function readKernelBytes(): Uint8Array<ArrayBuffer> {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  assert(path !== undefined, `the kernels are built (npm run build): none of ${paths.join(', ')}`);
  return new Uint8Array(readFileSync(path));
}

/**
 * The kernels of `executor` over `memory`, whose control region main has written. A module may be
 * compiled already, or be bytes.
 */
export function instantiate(
  memory: WebAssembly.Memory,
  executor: number,
  module: WebAssembly.Module | Uint8Array<ArrayBuffer> = loadKernelModule(),
): KernelExports {
  const words = new DataView(memory.buffer, CONTROL_BASE);
  assert(words.getUint32(CONTROL.MAGIC, true) === CONTROL_MAGIC, 'main has made the memory');
  const count = words.getUint32(CONTROL.EXECUTOR_COUNT, true);
  assert(executor >= 0 && executor < count, 'the executor has a block');
  const compiled = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module);
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort: onAbort, broken } });
  const raw = instance.exports as unknown as KernelExports;
  // A u32 leaves WebAssembly as a signed number.
  const kernel: KernelExports = {
    ...raw,
    init: (index) => raw.init(index) >>> 0,
    crc32c: (pointer, bytes, seed) => raw.crc32c(pointer, bytes, seed) >>> 0,
  };
  const hash = kernel.init(executor);
  assert(
    hash === LAYOUT_HASH,
    `kernels and TypeScript agree on the layout: ${hash} ${LAYOUT_HASH}`,
  );
  return kernel;
}

function broken(what: number, at: number): never {
  throw new SharedStateError(brokenText(invariantText(what), at >>> 0));
}

function onAbort(): never {
  throw new Error('a kernel aborted');
}
