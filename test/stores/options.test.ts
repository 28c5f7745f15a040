/** URIs and options of mounts: what is taken, what is refused, what is shown. */
import { describe, expect, it } from 'vitest';
import { Code, StatusError } from '../../src/base/status.js';
import { localOptions, parseOptions, s3Options } from '../../src/stores/options.js';
import { canonicalUfsUri, openUfs } from '../../src/stores/registry.js';
import { redact } from '../../src/stores/shown-options.js';
import { fingerprint, isUfsName } from '../../src/stores/ufs.js';

const SECRET = 'do-not-show-me';

const refusalOf = (work: () => unknown): StatusError => {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  return expect.unreachable('was not refused');
};

describe('openUfs', () => {
  it('names the schemes it knows when it does not know one', async () => {
    const error = await openUfs('gs://bucket').catch((thrown) => thrown);
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain('gs://');
    expect(error.hint).toContain('s3://');
    expect(error.hint).toContain('file://');
  });

  it('refuses user parts without repeating them', async () => {
    for (const uri of [`s3://AKID:${SECRET}@bucket/x`, `gs://AKID:${SECRET}@bucket/x`]) {
      const error = await openUfs(uri).catch((thrown) => thrown);
      expect(error.code).toBe(Code.INVALID_ARGUMENT);
      expect(`${error.message} ${error.hint}`).not.toContain(SECRET);
    }
  });

  it('takes references from the environment it is given', async () => {
    const options = { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:KEY' };
    const ufs = await openUfs('s3://bucket', options, { KEY_ID: 'a', KEY: SECRET });
    expect(ufs.uri).toBe('s3://bucket');
    await ufs.close();
    const error = await openUfs('s3://bucket', options, { KEY_ID: 'a' }).catch((thrown) => thrown);
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain('KEY');
  });
});

describe('canonicalUfsUri', () => {
  it('has one form of each place', () => {
    expect(canonicalUfsUri('/a//b/')).toBe('file:///a/b');
    expect(canonicalUfsUri('file:///a b/c%20d')).toBe('file:///a b/c%20d');
    expect(canonicalUfsUri('FILE:///')).toBe('file:///');
    expect(canonicalUfsUri('s3://bucket/')).toBe('s3://bucket');
    expect(canonicalUfsUri('s3://bucket/a//b/')).toBe('s3://bucket/a/b');
  });

  it('refuses what is no place', () => {
    const wrong = [
      '',
      'a/b',
      'file://host',
      'file:///a/../b',
      's3://',
      's3:///k',
      's3://B_/k',
      'x:/a',
    ];
    for (const uri of wrong) {
      const error = refusalOf(() => canonicalUfsUri(uri));
      expect(error.code, uri).toBe(Code.INVALID_ARGUMENT);
      expect(error.hint, uri).toBeDefined();
    }
  });
});

describe('options', () => {
  it('have defaults and may come as text', () => {
    expect(parseOptions(localOptions, {}, {})).toEqual({
      timeoutMs: 30_000,
      idleMs: 60_000,
      maxConcurrent: 32,
      maxWaiting: 1024,
    });
    const given = { endpoint: 'http://127.0.0.1:9000', pathStyle: 'false', timeoutMs: '500' };
    expect(parseOptions(s3Options, given, {})).toMatchObject({
      pathStyle: false,
      timeoutMs: 500,
      region: 'us-east-1',
    });
  });

  it('that are wrong are named, all of them, without their values', () => {
    const wrong = {
      timeoutMs: SECRET,
      maxConcurrent: 0,
      endpoint: `http://user:${SECRET}@host`,
      pathStyle: SECRET,
      accessKeyId: SECRET,
      colour: SECRET,
    };
    const error = refusalOf(() => parseOptions(s3Options, wrong, {}));
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    for (const name of ['timeoutMs', 'maxConcurrent', 'pathStyle', 'colour']) {
      expect(error.message).toContain(name);
    }
    expect(`${error.message} ${error.hint}`).not.toContain(SECRET);
    const alone = refusalOf(() => parseOptions(s3Options, { accessKeyId: SECRET }, {}));
    expect(alone.message).toContain('secretAccessKey');
    const user = { endpoint: `http://user:${SECRET}@host` };
    expect(refusalOf(() => parseOptions(s3Options, user, {})).message).not.toContain(SECRET);
  });

  it('are shown without anything that may be a secret', () => {
    const shown = redact({
      endpoint: 'http://host',
      region: 'eu',
      timeoutMs: 5,
      accessKeyId: SECRET,
      secretAccessKey: SECRET,
      sessionToken: 'env:TOKEN',
      colour: SECRET,
    });
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(shown).toMatchObject({
      endpoint: 'http://host',
      timeoutMs: 5,
      sessionToken: 'env:TOKEN',
    });
    expect(Object.keys(shown)).toContain('secretAccessKey');
  });
});

describe('names and fingerprints', () => {
  it('a name fits an edge', () => {
    expect(isUfsName('a'.repeat(255))).toBe(true);
    expect(isUfsName('é'.repeat(127))).toBe(true);
    for (const name of ['', '.', '..', 'a/b', 'a\0', 'a'.repeat(256), 'é'.repeat(128)]) {
      expect(isUfsName(name), name).toBe(false);
    }
  });

  it('fingerprints are numbers that collide no more than chance has it', () => {
    const file = { name: 'f', type: 'file', length: 1, mtimeMs: 1 } as const;
    const seen = new Set<number>();
    for (let index = 0; index < 20_000; index++) {
      const value = fingerprint({ ...file, etag: index.toString(16) });
      if (Number.isSafeInteger(value) && value > 0) seen.add(value);
    }
    expect(seen.size).toBe(20_000);
    expect(fingerprint({ ...file, mtimeMs: 2 })).not.toBe(fingerprint(file));
    expect(fingerprint({ ...file, length: 2 })).not.toBe(fingerprint(file));
    expect(fingerprint({ ...file, type: 'directory' })).toBe(0);
  });
});
