/**
 * Without a binary of the socket library, the message says what is here, what is missing, what to
 * do.
 */
import { expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { noBinary, requireSocketLibrary } from '../../src/net/socket-library.js';

test('a missing binary is told with this Node, this system and a way out', () => {
  const refusal = noBinary(new Error('supports only …\n\nError: version `GLIBC_2.38` not found'));
  expect(refusal.code).toBe(Code.FAILED_PRECONDITION);
  expect(refusal.message).toContain(`Node ${process.version}, ${process.platform}`);
  expect(refusal.hint).toMatch(/^Use Node 20 .*GLIBC_2.38` not found$/);
});

test('here it loads', async () => {
  await requireSocketLibrary();
});
