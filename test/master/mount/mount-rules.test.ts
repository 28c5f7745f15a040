/** A mount table that does not fit its region is refused before it reaches the journal. */
import { expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { refuseTooLarge } from '../../../src/master/mount/mount-rules.js';
import type { Mount } from '../../../src/master/mount/mount-table.js';
import { encodeMount, mountKey } from '../../../src/master/mount/mount-table.js';
import { SharedTables } from '../../../src/master/tier/shared-tables.js';
import { Fixture } from '../../support/fixture.js';

const mountOf = (mountId: number, bytes: number): Mount => ({
  mountId,
  path: `/m${mountId}`,
  uri: 's3://bucket',
  inodeId: mountId,
  readOnly: false,
  shared: false,
  options: { prefix: 'x'.repeat(bytes) },
});

test('what passes fits, what does not is refused with what to do', async () => {
  const fixture = Fixture.open();
  const room = fixture.shared.fixed(CONTROL.MOUNT_BYTES);
  const tables = new SharedTables(fixture.shared);
  const mounts: Mount[] = [];
  for (let id = 1; id <= 17; id++) mounts.push(mountOf(id, 60_000));
  expect(() => refuseTooLarge(mounts, room)).not.toThrow();
  for (const row of mounts) tables.setMount(mountKey(row.mountId), encodeMount(row));
  expect(() => refuseTooLarge([...mounts, mountOf(18, 60_000)], room)).toThrow(
    expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED, hint: expect.any(String) }),
  );
  await fixture.close();
});
