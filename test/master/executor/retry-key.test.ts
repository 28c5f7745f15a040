/** Keys of the retry window: by caller and kind, in 53 bits. */
import { expect, test } from 'vitest';
import { callerKeyOf, RETRY_KINDS, retryKeyOf } from '../../../src/master/executor/retry-key.js';
import { requestMembers } from '../../../src/wire/generated/request-fields.js';

test('B26: the kinds are those of the schema', () => {
  for (const [name, kind] of Object.entries(RETRY_KINDS)) {
    const member = `${name[0]!.toUpperCase()}${name.slice(1)}` as keyof typeof requestMembers;
    expect(requestMembers[member], name).toBe(kind);
  }
  const caller = callerKeyOf({ user: 'ann', groups: [], clientId: 2 ** 53 - 1 });
  const keys = Object.keys(RETRY_KINDS).map((name) => retryKeyOf(caller, name));
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(Number.isSafeInteger(key)).toBe(true);
});
