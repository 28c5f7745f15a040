/** The fixture itself: that what its pump() does is what the threads of a master do. */
import { afterEach, describe, expect, test } from 'vitest';
import { Code } from '../../../../src/base/status.js';
import { Create, type CreateOptions } from '../../../../src/master/ops/verbs/create.js';
import { Fixture, TIER1_SIZES } from '../../../support/fixture.js';
import type { Info } from '../../../support/outcome.js';

const encoder = new TextEncoder();

function options(path: string, more: Partial<CreateOptions>): CreateOptions {
  return {
    type: 'file',
    path: encoder.encode(path),
    recursive: false,
    overwrite: false,
    allowExists: false,
    mode: -1,
    blockSize: undefined,
    ttlMs: -1,
    ttlFlags: 0,
    replicationMin: -1,
    replicationMax: -1,
    xattrs: undefined,
    xattrsOnNewPaths: false,
    ...more,
  };
}

let fixture: Fixture;
afterEach(() => fixture.close());

async function create(path: string, more: Partial<CreateOptions> = {}): Promise<Info> {
  const made = await fixture.run((sink) => new Create(fixture.root, 0, options(path, more), sink));
  return made.info!;
}

describe.each(TIER1_SIZES)('a fixture with %i bytes of tier 1', (tier1Bytes) => {
  test('creates, remembers across a restart, and refuses what exists', async () => {
    fixture = Fixture.open({ tier1Bytes });
    const directory = await create('/d', { type: 'directory' });
    const file = await create('/d/f');
    expect(file.parentId).toBe(directory.id);
    expect(file.owner).toBe('root');
    for (let i = 0; i < 2000; i++) await create(`/d/${i}`);
    await fixture.restart();
    await expect(create('/d/f')).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
    const other = await create('/d/g');
    expect(other.id).toBeGreaterThan(file.id);
    await fixture.restart({ flushed: true });
    await expect(create('/d/g')).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
    await expect(create('/d/1999')).rejects.toMatchObject({ code: Code.ALREADY_EXISTS });
  });
});
