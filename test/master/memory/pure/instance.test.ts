/** Goal: threads share one memory without harm. Method: more instances over the same memory. */
import { describe, expect, test } from 'vitest';
import { instantiate, loadKernelModule } from '../../../../src/master/memory/kernel.js';
import { CONTROL, CONTROL_BASE } from '../../../../src/master/memory/layout.js';
import { bytesOf, complete } from './any-record.js';
import { kernel, put, scratch, shared } from './kernel-fixture.js';

const CHECK = 0xe3069283;

describe('instantiate', () => {
  test('another instance writes nothing that the others use', () => {
    put(scratch, new TextEncoder().encode('123456789'));
    const before = shared.u8.slice(0, CONTROL_BASE);
    const other = instantiate(shared.memory, 0, loadKernelModule());
    expect(shared.u8.slice(0, CONTROL_BASE)).toEqual(before);
    expect(other.crc32c(scratch, 9, 0)).toBe(CHECK);
    expect(kernel.crc32c(scratch, 9, 0)).toBe(CHECK);
  });

  test('instances keep their own globals', () => {
    const word = CONTROL_BASE + CONTROL.SMALL_SET_COUNT;
    const count = shared.view.getUint32(word, true);
    const other = instantiate(shared.memory, 0);
    put(scratch, bytesOf(complete));
    kernel.listBegin();
    expect(kernel.listAdd(scratch, 0, 0)).toBe(1);
    expect(kernel.pageCount()).toBe(1);
    expect(other.pageCount()).toBe(0);
    expect(shared.view.getUint32(word, true)).toBe(count);
  });

  test('refuses bytes that are no kernel', () => {
    expect(() => instantiate(shared.memory, 0, new Uint8Array(8))).toThrow();
  });
});
