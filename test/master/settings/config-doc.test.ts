/**
 * The table of settings in docs/CONFIGURATION.md is the code's. ORCHARD_TEST_REWRITE=1 writes it:
 *   ORCHARD_TEST_REWRITE=1 npx vitest run test/master/settings/config-doc.test.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderConfigTable } from '../../../src/master/settings/config.js';

const document = new URL('../../../docs/CONFIGURATION.md', import.meta.url);
const begin = '<!-- config:begin -->';
const end = '<!-- config:end -->';

function split(text: string): { before: string; table: string; after: string } {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/CONFIGURATION.md has no ${begin} … ${end}`);
  const start = from + begin.length;
  return { before: text.slice(0, start), table: text.slice(start, to), after: text.slice(to) };
}

test('the table between the markers is what the code says', () => {
  const { before, table, after } = split(readFileSync(document, 'utf8'));
  const fresh = `\n${renderConfigTable()}\n`;
  if (process.env['ORCHARD_TEST_REWRITE'] === '1') {
    writeFileSync(document, `${before}${fresh}${after}`);
    return;
  }
  expect(table).toBe(fresh);
});
