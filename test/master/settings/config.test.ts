/**
 * The configuration: every value has a source, every wrong value is named at once, and what is
 * printed can be used as an environment again.
 */
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absolutePath } from '../../../src/base/absolute-path.js';
import type { Facts } from '../../../src/base/setting.js';
import type { Environment } from '../../../src/base/settings.js';
import { Code, StatusError } from '../../../src/base/status.js';
import { editDistance, suggestNames } from '../../../src/base/suggest-names.js';
import { planLayout } from '../../../src/master/memory/layout-plan.js';
import { type Config, describeConfig, parseConfig } from '../../../src/master/settings/config.js';
import { layoutOptions } from '../../../src/master/settings/config-layout.js';
import { CONFIG_TABLE } from '../../../src/master/settings/config-table.js';

const facts: Facts = {
  cores: 8,
  memoryBytes: 16 * 2 ** 30,
  user: 'ada',
  workingDirectory: '/srv/orchard',
};

function refusalOf(environment: Environment): StatusError {
  try {
    parseConfig(environment, facts);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('values and their sources', () => {
  test('defaults, derived values and given values', () => {
    const config = parseConfig({ ORCHARD_FLUSH_INTERVAL: '2s', ORCHARD_UMASK: '0077' }, facts);
    expect(config).toMatchObject({
      rpcPort: 19998,
      httpPort: 19999,
      rpcThreads: 7,
      tier1Bytes: 2 ** 30,
      flushIntervalMs: 2000,
      umask: 0o077,
      superuser: 'ada',
      dataDir: '/srv/orchard/data',
      rootUfs: 'file:///srv/orchard/data/ufs',
      trashRetentionMs: 86_400_000,
      permissions: true,
      journalSync: 'commit',
    });
    expect(config.sources).toMatchObject({
      rpcPort: 'default',
      rpcThreads: 'derived',
      flushIntervalMs: 'environment',
    });
  });

  test('derived values follow what they are derived from', () => {
    const small = { ...facts, cores: 1, memoryBytes: 64 * 2 ** 20 };
    const config = parseConfig({ ORCHARD_DATA_DIR: '/var/lib//o/../orchard' }, small);
    expect(config.rpcThreads).toBe(1);
    expect(config.tier1Bytes).toBe(4 * 2 ** 20);
    expect(config.rootUfs).toBe('file:///var/lib/orchard/ufs');
    const many = parseConfig({ ORCHARD_BACKGROUND_THREADS: '8' }, { ...facts, cores: 128 });
    expect(many.rpcThreads).toBe(20);
  });

  test('an empty variable counts as not set; undefined too', () => {
    const config = parseConfig({ ORCHARD_RPC_PORT: '', ORCHARD_HOST: undefined }, facts);
    expect(config.rpcPort).toBe(19998);
    expect(config.sources.rpcPort).toBe('default');
  });

  test('the result is frozen and survives structured clone', () => {
    const config = parseConfig({ ORCHARD_ROOT_UFS_OPTIONS: 'a=b' }, facts);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.sources)).toBe(true);
    expect(Object.isFrozen(config.rootUfsOptions)).toBe(true);
    expect(structuredClone(config)).toEqual(config);
  });

  test('the description of a configuration, as an environment, gives the same values', () => {
    const environment = { ORCHARD_TIER1_BYTES: '64KiB', ORCHARD_PERMISSIONS: 'off' };
    const config = parseConfig(environment, facts);
    const printed = describeConfig(config).map(({ name, value }) => [name, value] as const);
    const again = parseConfig(Object.fromEntries(printed), facts);
    expect({ ...again, sources: null }).toEqual({ ...config, sources: null });
  });
});

describe('refusals', () => {
  test('every wrong variable is in one message, with what was given and what is accepted', () => {
    const error = refusalOf({
      ORCHARD_RPC_PORT: 'many',
      ORCHARD_TIER1_BYTES: '5GiB',
      ORCHARD_LOCK_STRIPES: '1000',
      ORCHARD_JOURNAL_SYNC: 'sometimes',
      ORCHARD_RPC_THREDS: '4',
    });
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toMatch(/^5 settings are wrong:/);
    expect(error.message).toContain(
      'ORCHARD_RPC_PORT=many: expected a whole number from 0 to 65535',
    );
    expect(error.message).toContain('ORCHARD_TIER1_BYTES=5GiB: expected a size from 64KiB to 3GiB');
    expect(error.message).toContain('ORCHARD_LOCK_STRIPES=1000: expected a whole number, a power');
    expect(error.message).toContain('ORCHARD_JOURNAL_SYNC=sometimes: expected one of commit, none');
    expect(error.message).toContain('ORCHARD_RPC_THREDS: no such setting; did you mean');
    expect(error.hint).toContain('CONFIGURATION');
  });

  test.each([
    ['ORCHARD_RPC_PORT', ['-1', '1.5', '65536', '0x10', '1e3']],
    ['ORCHARD_UMASK', ['8', '01000', '-022']],
    ['ORCHARD_PERMISSIONS', ['maybe', '2']],
    ['ORCHARD_DRAIN_TIMEOUT', ['-5s', '5 parsecs', '1y']],
    ['ORCHARD_HOST', ['a b', 'http://x']],
    ['ORCHARD_ROOT_UFS', ['/no/scheme', 's3:bucket']],
    ['ORCHARD_ROOT_UFS_OPTIONS', ['novalue', '=x']],
    ['ORCHARD_CLUSTER_NAME', ['a/b', 'x'.repeat(64)]],
  ])('%s refuses %j', (name, texts) => {
    for (const text of texts) expect(refusalOf({ [name]: text }).message).toContain(name);
  });

  test.each<[string, Environment, RegExp]>([
    [
      'threads',
      { ORCHARD_RPC_THREADS: '15', ORCHARD_BACKGROUND_THREADS: '15' },
      /together at most 29/,
    ],
    ['ports', { ORCHARD_RPC_PORT: '4000', ORCHARD_HTTP_PORT: '4000' }, /two ports/],
    ['journal', { ORCHARD_JOURNAL_BYTES_MAX: '64MiB' }, /at least two segments/],
    [
      'memory',
      { ORCHARD_TIER1_BYTES: '3GiB', ORCHARD_RING_BYTES: '256MiB' },
      /take [67]\d{3}MiB together .* less than 4GiB/,
    ],
  ])('wrong together: %s', (_, environment, message) => {
    expect(refusalOf(environment).message).toMatch(message);
  });

  test('unknown names are suggested; names of clients, tests and benches are left alone', () => {
    expect(refusalOf({ ORCHARD_PORT: '1' }).message).toContain(
      'did you mean ORCHARD_RPC_PORT or ORCHARD_HTTP_PORT?',
    );
    expect(refusalOf({ orchard_umask: '1' }).message).toContain('ORCHARD_UMASK');
    expect(refusalOf({ ORCHARD_XYZZY: '1' }).message).toMatch(/XYZZY: no such setting$/);
    const foreign = { ORCHARD_MASTER: 'h:1', ORCHARD_TEST_SEED: '7', PATH: '/bin' };
    expect(parseConfig(foreign, facts).rpcPort).toBe(19998);
  });
});

test('what is accepted can be laid out; what a machine derives is accepted', () => {
  const power = (min: number, max: number) =>
    fc.integer({ min, max }).map((exponent) => String(2 ** exponent));
  const settings = fc.record(
    {
      ORCHARD_RPC_THREADS: fc.integer({ min: 1, max: 28 }).map(String),
      ORCHARD_BACKGROUND_THREADS: fc.integer({ min: 1, max: 28 }).map(String),
      ORCHARD_TIER1_BYTES: fc.constantFrom('64KiB', '1GiB', '2500MiB', '3GiB'),
      ORCHARD_KEY_FILTER_BYTES: fc.constantFrom('0', '500MiB', '1GiB'),
      ORCHARD_LOCK_STRIPES: power(6, 22),
      ORCHARD_RING_BYTES: power(20, 28),
      ORCHARD_SIDE_RING_BYTES: power(20, 28),
      ORCHARD_RETRY_CACHE_ENTRIES: power(10, 24),
    },
    { requiredKeys: [] },
  );
  let accepted = 0;
  const check = (environment: Environment) => {
    let config: Config;
    try {
      config = parseConfig(environment, facts);
    } catch (error) {
      expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT });
      return;
    }
    accepted += 1;
    expect(planLayout(layoutOptions(config)).bytes).toBeLessThan(2 ** 32);
  };
  fc.assert(fc.property(settings, check), { numRuns: 1000 });
  expect(accepted).toBeGreaterThan(100);
  for (const cores of [1, 2, 29, 30, 32, 128]) {
    for (const memoryBytes of [2 ** 28, 2 ** 34, 2 ** 42]) {
      const config = parseConfig({}, { ...facts, cores, memoryBytes });
      expect(planLayout(layoutOptions(config)).bytes).toBeLessThan(2 ** 32);
    }
  }
});

describe('secrets', () => {
  const secret = 's3.secretKey=hunter2';

  test('are used, and never described or refused in clear', () => {
    const config = parseConfig({ ORCHARD_ROOT_UFS_OPTIONS: `${secret},region=a\\,b` }, facts);
    expect(config.rootUfsOptions).toEqual({ 's3.secretKey': 'hunter2', region: 'a,b' });
    expect(JSON.stringify(describeConfig(config))).not.toContain('hunter2');
    const wrong = refusalOf({ ORCHARD_ROOT_UFS_OPTIONS: 'hunter2', ORCHARD_UMASK: 'x' });
    expect(wrong.message).toContain('ORCHARD_ROOT_UFS_OPTIONS=[redacted]');
    expect(wrong.message).not.toContain('hunter2');
  });

  test('the user part of a URL is one', () => {
    const config = parseConfig({ ORCHARD_ROOT_UFS: 'webdav://ada:hunter2@host/x' }, facts);
    expect(JSON.stringify(describeConfig(config))).not.toContain('hunter2');
  });
});

test('every row has a name, a meaning that is a sentence, and a default that it accepts', () => {
  const settings = Object.values(CONFIG_TABLE);
  expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
  for (const { name, meaning } of settings) expect(meaning, name).toMatch(/^\S.*\.$/);
  expect(() => parseConfig({}, facts)).not.toThrow();
});

test('absolutePath is node:path resolve', () => {
  const part = fc.constantFrom('a', 'b c', '.', '..', '', '...');
  fc.assert(
    fc.property(fc.array(part), fc.boolean(), (parts, rooted) => {
      const path = `${rooted ? '/' : ''}${parts.join('/')}`;
      expect(absolutePath('/srv/x', path)).toBe(resolve('/srv/x', path));
    }),
  );
});

test('editDistance counts keystrokes; suggestNames needs them to be few', () => {
  expect(editDistance('KITTEN', 'SITTING')).toBe(3);
  expect(editDistance('', 'ABC')).toBe(3);
  expect(suggestNames('ORCHARD_UMSK', ['ORCHARD_UMASK', 'ORCHARD_HOST'])).toEqual([
    'ORCHARD_UMASK',
  ]);
  expect(suggestNames('ORCHARD_Q', ['ORCHARD_UMASK'])).toEqual([]);
});
