/** The constants of the kernels are those of the tables: what is committed is always fresh. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderLayout, renderWire } from '../../../../src/master/memory/layout-render.js';

test.each([
  ['layout.ts', renderLayout],
  ['wire.ts', renderWire],
])('assembly/generated/%s is what `npm run gen` writes', (name, render) => {
  const url = new URL(`../../../../assembly/generated/${name}`, import.meta.url);
  expect(readFileSync(url, 'utf8')).toBe(render());
});

test('no constant of the kernels has two values', () => {
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of renderLayout().matchAll(
    /export const (\w+): \w+ = ([-\d]+);/g,
  )) {
    expect(values.get(name) ?? value, name).toBe(value);
    expect(values.has(name), `${name} stands once`).toBe(false);
    values.set(name, value);
  }
  expect(values.size).toBeGreaterThan(300);
});
