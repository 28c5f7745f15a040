/**
 * The whole-state checker: a sound namespace is clean, and each kind of damage is found by its own
 * code. Every code of FINDING_CODES but those of pages and of tier 1 has a row here.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FINDING_CODES, type FindingCode } from '../../../src/master/inspect/findings.js';
import { digestSource, verifySource } from '../../../src/master/inspect/inspect.js';
import {
  SIDE_MOUNT,
  SIDE_ORIGIN,
  SIDE_STRING,
  SIDE_XATTR,
} from '../../../src/master/memory/entry-format.js';
import * as R from '../../../src/master/memory/record.js';
import { idKey } from '../../../src/master/memory/xattrs.js';
import { mountKey } from '../../../src/master/mount/mount-table.js';
import { F_TTL_MS, ID, MOUNT, name, record, SEQ, SmallNamespace } from './small-namespace.js';

let space: SmallNamespace;
beforeEach(() => {
  space = new SmallNamespace();
});
afterEach(() => space.remove());

const control = { signal: new AbortController().signal, onProgress: () => undefined };

test('a sound namespace is clean', async () => {
  const report = await verifySource(space.source, control);
  expect(report).toEqual({
    inodes: 8,
    files: 4,
    directories: 4,
    slots: 0,
    seq: SEQ,
    isClean: true,
    findingCount: 0,
    findings: [],
  });
});

type Case = readonly [code: FindingCode, what: string, spoil: (space: SmallNamespace) => void];

const cases: readonly Case[] = [
  ['row-damaged', 'a bit of a record', (s) => s.flipBit('inodes', 9)],
  ['row-damaged', 'a bit of the id index', (s) => s.flipBit('ids', 2)],
  ['row-damaged', 'a bit of a side record', (s) => s.flipBit('side', 1)],
  ['row-damaged', 'a bit of an expiry', (s) => s.flipBit('expiries', 0)],
  [
    'record-invalid',
    'an inode with a reserved id',
    (s) => s.put(record({ parentId: ID.T, id: 5, name: name('x') })),
  ],
  ['root-missing', 'no root', (s) => s.removeRow(s.records['root']!)],
  [
    'edge-twice',
    'an inode at two names',
    (s) => s.putRow({ ...s.records['f']!, name: name('again') }),
  ],
  [
    'parent-missing',
    'an orphan',
    (s) => s.put(record({ parentId: 1999, id: 1900, name: name('x') })),
  ],
  [
    'parent-missing',
    'an orphan in a trash',
    (s) => s.put(record({ parentId: 1999 + R.TRASH_BIT, id: 1900, name: name('x'), ttlMs: 1 })),
  ],
  [
    'parent-not-directory',
    'a child of a file',
    (s) => s.put(record({ parentId: ID.F, id: 1900, name: name('x') })),
  ],
  [
    'cycle',
    'two directories in each other',
    (s) => {
      const directory = { type: R.INODE_TYPE_DIRECTORY, length: 1 };
      s.put(record({ parentId: 1901, id: 1900, name: name('a'), ...directory }));
      s.put(record({ parentId: 1900, id: 1901, name: name('b'), ...directory }));
    },
  ],
  ['child-count', 'too many', (s) => s.put({ ...s.records['d']!, length: 3 })],
  ['child-count', 'too few', (s) => s.put({ ...s.records['d']!, length: 1 })],
  ['child-count', 'none, and says one', (s) => s.put({ ...s.records['t']!, length: 1 })],
  ['child-count', 'some, and says none', (s) => s.put({ ...s.records['d']!, length: 0 })],
  ['id-index-missing', 'no row', (s) => s.tier2.ids.write([{ id: ID.F, key: null }])],
  [
    'id-index-wrong',
    'another key',
    (s) => s.tier2.ids.write([{ id: ID.F, key: s.keyOf(s.records['t']!) }]),
  ],
  [
    'id-index-dangling',
    'an id without an inode',
    (s) => s.tier2.ids.write([{ id: 1800, key: s.codec.keyOf(ID.D, name('nothing')) }]),
  ],
  [
    'id-beyond-next',
    'an id of the future',
    (s) => s.put(record({ parentId: ID.T, id: 2000, name: name('x') })),
  ],
  ['trash-no-expiry', 'for ever in the trash', (s) => s.put({ ...s.records['old']!, ttlMs: -1 })],
  [
    'reclaim-name',
    'a name in reclaim',
    (s) => s.put({ ...s.records['gone']!, name: name('another!') }),
  ],
  ['mount-id', 'of another mount', (s) => s.put({ ...s.records['f']!, mountId: MOUNT })],
  ['mount-missing', 'no mount', (s) => s.side(SIDE_MOUNT, mountKey(MOUNT), null)],
  ['mount-point-missing', 'no mount point', (s) => s.put({ ...s.records['m']!, flags: 0 })],
  ['name-unknown', 'an owner without a name', (s) => s.put({ ...s.records['f']!, owner: 9 })],
  ['name-number', 'a gap', (s) => s.side(SIDE_STRING, name('late'), Uint8Array.of(9, 0, 0, 0))],
  ['side-missing', 'no attributes', (s) => s.side(SIDE_XATTR, idKey(ID.F), null)],
  ['side-missing', 'no origin', (s) => s.side(SIDE_ORIGIN, idKey(ID.G), null)],
  ['side-orphan', 'of no inode', (s) => s.side(SIDE_XATTR, idKey(1999), new Uint8Array(0))],
  [
    'side-unflagged',
    'that nobody knows',
    (s) => s.side(SIDE_XATTR, idKey(ID.T), new Uint8Array(0)),
  ],
  ['side-unreadable', 'no origin', (s) => s.side(SIDE_ORIGIN, idKey(ID.G), name('{'))],
  ['side-unreadable', 'no attributes', (s) => s.side(SIDE_XATTR, idKey(ID.F), name('xxxxxxx'))],
  ['side-unreadable', 'no kind', (s) => s.side(99, name('x'), name('y'))],
  [
    'expiry-missing',
    'a ttl that nobody looks at',
    (s) => {
      const expiryMs = s.records['f']!.ctimeMs + F_TTL_MS;
      s.tier2.expiries.write([{ expiryMs, id: ID.F, isDue: false }]);
    },
  ],
];

describe('damage is found', () => {
  test.each(cases)('%s: %s', async (code, _what, spoil) => {
    space.change(() => spoil(space));
    const { isClean, findings, findingCount } = await verifySource(space.source, control);
    expect(isClean).toBe(false);
    expect(findingCount).toBe(findings.length);
    expect(findings.map((finding) => finding.code)).toContain(code);
  });

  test('every code has a row', () => {
    const elsewhere: readonly FindingCode[] = [
      'page-damaged',
      'table-order',
      'tier1-differs',
      'filter-lacks',
    ];
    const here = new Set(cases.map(([code]) => code));
    expect([...here, ...elsewhere].sort()).toEqual(Object.keys(FINDING_CODES).sort());
  });

  test('the finding says where', async () => {
    space.change(() => space.put({ ...space.records['d']!, length: 3 }));
    const { findings } = await verifySource(space.source, control);
    expect(findings).toEqual([
      { code: 'child-count', id: ID.D, path: '/d', what: 'it says 3 children and has 2' },
    ]);
  });

  test('of very many, the first are kept and all are counted', async () => {
    space.change(() => {
      for (let i = 0; i < 1500; i++) {
        space.put(record({ parentId: ID.T, id: 10_000 + i, name: name(`f${i}`) }));
      }
      space.put({ ...space.records['t']!, length: 1500 });
    });
    const { findings, findingCount } = await verifySource(space.source, control);
    expect([findings.length, findingCount]).toEqual([1000, 1500]);
  });
});

describe('digest', () => {
  const digest = async (): Promise<string> => (await digestSource(space.source, control)).digest;

  test('changes with every kind of content, and with nothing else', async () => {
    const seen = new Set([await digest()]);
    const changes: readonly ((s: SmallNamespace) => void)[] = [
      (s) => s.put({ ...s.records['f']!, length: 1 }),
      (s) => s.put({ ...s.records['f']!, length: 1, owner: 2 }),
      (s) => s.put({ ...s.records['old']!, mode: 0o600 }),
      (s) => s.side(SIDE_XATTR, idKey(ID.F), new Uint8Array(0)),
      (s) => s.side(SIDE_MOUNT, mountKey(MOUNT), null),
    ];
    for (const change of changes) {
      space.change(() => change(space));
      seen.add(await digest());
    }
    expect(seen.size).toBe(1 + changes.length);
    space.change(() => space.put({ ...space.records['t']!, seq: 99 }));
    seen.add(await digest());
    expect(seen.size).toBe(1 + changes.length);
  });

  test('is refused of damaged rows', async () => {
    space.flipBit('inodes', 3);
    await expect(digest()).rejects.toThrow('1 stored rows are damaged');
  });
});
