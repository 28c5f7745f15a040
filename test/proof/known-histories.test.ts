/**
 * Histories with an obvious verdict: each that the checker must refuse stands beside the nearest
 * one that it must accept. A checker that accepts everything fails here, and so does one that is
 * too strict.
 */
import { describe, expect, it } from 'vitest';
import { check, directory, file, op } from './histories.js';
import type { Answer, Operation, Request } from './operation.js';

const OK: Answer = { code: 'OK' };
const NOT_FOUND: Answer = { code: 'NOT_FOUND' };
const F = '/p/f';
const G = '/p/g';
const T = '/t/1';

const sees = (sight: Answer['sight']): Answer => ({ code: 'OK', ...(sight && { sight }) });
const get = (path: string): Request => ({ do: 'getStatus', path });
const create = (path: string, overwrite = false): Request => ({
  do: 'create',
  path,
  mode: 0o644,
  overwrite,
});
const mkdir = (path: string): Request => ({ do: 'mkdir', path, mode: 0o755, allowExists: false });
const chmod = (path: string, mode: number): Request => ({ do: 'setAttribute', path, mode });
const remove = (path: string): Request => ({ do: 'delete', path, recursive: true });
const rename = (path: string, to: string): Request => ({
  do: 'rename',
  path,
  to,
  overwrite: false,
});
const list = (path: string): Request => ({ do: 'list', path });

/** /p/f is there, and so is the directory /t/1 with the directories a and b. */
const before: readonly Operation[] = [
  op(0, 1, create(F), sees(file(10))),
  op(2, 3, mkdir(T), sees(directory(20))),
  op(4, 5, mkdir(`${T}/a`), sees(directory(21))),
  op(6, 7, mkdir(`${T}/b`), sees(directory(22))),
  op(8, 9, create(`${T}/a/x`), sees(file(23))),
];

type Row = {
  readonly what: string;
  readonly bad: readonly Operation[];
  readonly good: readonly Operation[];
  readonly deaths?: readonly number[];
};

const rows: readonly Row[] = [
  {
    what: 'a stale read',
    bad: [op(20, 30, chmod(F, 0o600), OK), op(31, 40, get(F), sees(file(10)))],
    good: [op(20, 30, chmod(F, 0o600), OK), op(29, 40, get(F), sees(file(10)))],
  },
  {
    what: 'a lost update',
    bad: [
      op(20, 30, chmod(F, 0o600), OK),
      op(25, 35, chmod(F, 0o640), OK),
      op(40, 41, get(F), sees(file(10))),
    ],
    good: [
      op(20, 30, chmod(F, 0o600), OK),
      op(25, 35, chmod(F, 0o640), OK),
      op(40, 41, get(F), sees(file(10, { mode: 0o600 }))),
    ],
  },
  {
    what: 'an update seen, then not, then again',
    bad: [
      op(20, 30, chmod(F, 0o600), OK),
      op(21, 22, get(F), sees(file(10, { mode: 0o600 }))),
      op(23, 24, get(F), sees(file(10))),
    ],
    good: [
      op(20, 30, chmod(F, 0o600), OK),
      op(21, 22, get(F), sees(file(10))),
      op(23, 24, get(F), sees(file(10, { mode: 0o600 }))),
    ],
  },
  {
    what: 'two creates of one name that both win',
    bad: [op(20, 30, create(G), sees(file(11))), op(21, 31, create(G), sees(file(12)))],
    good: [
      op(20, 30, create(G), sees(file(11))),
      op(21, 31, create(G), { code: 'ALREADY_EXISTS' }),
    ],
  },
  {
    what: 'a create that is refused although nothing is there',
    bad: [op(20, 21, create(G), { code: 'ALREADY_EXISTS' }), op(22, 30, create(G), sees(file(11)))],
    good: [
      op(20, 23, create(G), { code: 'ALREADY_EXISTS' }),
      op(22, 30, create(G), sees(file(11))),
    ],
  },
  {
    what: 'a read from the future',
    bad: [op(20, 21, get(G), sees(file(11))), op(22, 30, create(G), sees(file(11)))],
    good: [op(20, 23, get(G), sees(file(11))), op(22, 30, create(G), sees(file(11)))],
  },
  {
    what: 'two completions that both win',
    bad: [
      op(20, 30, { do: 'complete', path: F, length: 1 }, OK),
      op(21, 31, { do: 'complete', path: F, length: 2 }, OK),
    ],
    good: [
      op(20, 30, { do: 'complete', path: F, length: 1 }, OK),
      op(21, 31, { do: 'complete', path: F, length: 2 }, { code: 'ALREADY_EXISTS' }),
    ],
  },
  {
    what: 'an overwrite that keeps the inode',
    bad: [op(20, 21, create(F, true), OK), op(22, 23, chmod(F, 0o600), OK)].concat(
      op(24, 25, { do: 'complete', path: F, length: 1 }, OK),
      op(26, 27, create(F, true), sees(file(12))),
      op(28, 29, get(F), sees(file(10))),
    ),
    good: [op(26, 27, create(F, true), sees(file(12))), op(28, 29, get(F), sees(file(12)))],
  },
  {
    what: 'a rename seen half: in both places',
    bad: [
      op(20, 30, rename(F, G), OK),
      op(21, 22, get(G), sees(file(10))),
      op(23, 24, get(F), sees(file(10))),
    ],
    good: [
      op(20, 30, rename(F, G), OK),
      op(21, 22, get(F), sees(file(10))),
      op(23, 24, get(G), sees(file(10))),
    ],
  },
  {
    what: 'a rename seen half: in no place',
    bad: [
      op(20, 30, rename(F, G), OK),
      op(21, 22, get(F), NOT_FOUND),
      op(23, 24, get(G), NOT_FOUND),
    ],
    good: [
      op(20, 30, rename(F, G), OK),
      op(21, 22, get(G), NOT_FOUND),
      op(23, 24, get(F), NOT_FOUND),
    ],
  },
  {
    what: 'a rename of a directory that what is below has not noticed',
    bad: [op(20, 30, rename(`${T}/a`, `${T}/c`), OK), op(31, 32, get(`${T}/a/x`), sees(file(23)))],
    good: [op(20, 30, rename(`${T}/a`, `${T}/c`), OK), op(31, 32, get(`${T}/c/x`), sees(file(23)))],
  },
  {
    what: 'crossing renames that both win',
    bad: [
      op(20, 30, rename(`${T}/a`, `${T}/b/a`), OK),
      op(21, 31, rename(`${T}/b`, `${T}/a/b`), OK),
    ],
    good: [
      op(20, 30, rename(`${T}/a`, `${T}/b/a`), OK),
      op(21, 31, rename(`${T}/b`, `${T}/a/b`), NOT_FOUND),
    ],
  },
  {
    what: 'a create below a directory that was deleted before',
    bad: [op(20, 30, remove(`${T}/a`), OK), op(31, 40, create(`${T}/a/y`), sees(file(24)))],
    good: [op(20, 30, remove(`${T}/a`), OK), op(29, 40, create(`${T}/a/y`), sees(file(24)))],
  },
  {
    what: 'a listing without an entry that stayed',
    bad: [
      op(20, 21, create(`${T}/a/y`), sees(file(24))),
      op(22, 30, list(`${T}/a`), {
        code: 'OK',
        entries: [{ ...file(24), name: 'y', parentId: 21 }],
      }),
    ],
    good: [
      op(20, 21, create(`${T}/a/y`), sees(file(24))),
      op(22, 30, list(`${T}/a`), {
        code: 'OK',
        entries: [
          { ...file(23), name: 'x', parentId: 21 },
          { ...file(24), name: 'y', parentId: 21 },
        ],
      }),
    ],
  },
  {
    what: 'a listing of the fixed directory with an entry that was deleted before',
    bad: [
      op(20, 21, remove(F), OK),
      op(22, 30, list('/p'), { code: 'OK', entries: [{ ...file(10), name: 'f', parentId: 2 }] }),
    ],
    good: [
      op(20, 23, remove(F), OK),
      op(22, 30, list('/p'), { code: 'OK', entries: [{ ...file(10), name: 'f', parentId: 2 }] }),
    ],
  },
  {
    what: 'an acknowledged create lost in a crash',
    bad: [op(20, 30, create(G), sees(file(11))), op(60, 61, get(G), NOT_FOUND)],
    good: [op(20, 30, create(G)), op(60, 61, get(G), NOT_FOUND)],
    deaths: [50],
  },
  {
    what: 'a deleted file resurrected by a crash',
    bad: [op(20, 30, remove(F), OK), op(60, 61, get(F), sees(file(10)))],
    good: [op(20, 30, remove(F)), op(60, 61, get(F), sees(file(10)))],
    deaths: [50],
  },
  {
    what: 'a change that somebody saw taken back by a crash',
    bad: [
      op(20, 30, chmod(F, 0o600)),
      op(31, 32, get(F), sees(file(10, { mode: 0o600 }))),
      op(60, 61, get(F), sees(file(10))),
    ],
    good: [
      op(20, 30, chmod(F, 0o600)),
      op(31, 32, get(F), sees(file(10))),
      op(60, 61, get(F), sees(file(10, { mode: 0o600 }))),
    ],
    deaths: [50],
  },
  {
    what: 'an unanswered change that happens after the crash',
    bad: [op(20, 30, create(G)), op(60, 61, get(G), NOT_FOUND), op(62, 63, get(G), sees(file(11)))],
    good: [
      op(20, 30, create(G)),
      op(40, 55, get(G), NOT_FOUND),
      op(62, 63, get(G), sees(file(11))),
    ],
    deaths: [50],
  },
  {
    what: 'a retried create that happened twice',
    bad: [
      op(20, 70, create(G), sees(file(12))),
      op(31, 32, get(G), sees(file(11))),
      op(80, 81, get(G), sees(file(12))),
    ],
    good: [
      op(20, 70, create(G), sees(file(11))),
      op(31, 32, get(G), sees(file(11))),
      op(80, 81, get(G), sees(file(11))),
    ],
    deaths: [50],
  },
];

describe('the checker', () => {
  it('takes of a change that was sent again the inode only, as it may have changed since', () => {
    const sentAgain = [
      op(20, 70, create(G), sees(file(11, { mode: 0o600 }))),
      op(55, 60, chmod(G, 0o600), OK),
      op(80, 81, get(G), sees(file(11, { mode: 0o600 }))),
    ];
    expect(check([...before, ...sentAgain], [50])).toBeUndefined();
    expect(check([...before, ...sentAgain], [15])).toMatch(/^not linearizable/);
  });

  it.each(rows)('refuses $what', ({ bad, deaths }) => {
    expect(check([...before, ...bad], deaths)).toMatch(/^not linearizable/);
  });

  it.each(rows)('accepts what is nearly $what', ({ good, deaths }) => {
    expect(check([...before, ...good], deaths)).toBeUndefined();
  });

  it('shows the few operations that contradict each other, and nothing else', () => {
    const noise = Array.from({ length: 200 }, (_, i) => [
      op(100 + i, 101 + i, chmod(F, i % 2 === 0 ? 0o600 : 0o640), OK),
      op(100 + i, 101 + i, get(G), NOT_FOUND),
      op(100.5 + i, 500, get(`${T}/a/x`), sees(file(23))),
    ]).flat();
    const bad = [op(250, 252, create(G), sees(file(11))), op(251, 253, create(G), sees(file(12)))];
    const quiet = noise.filter(({ request, calledNs }) => request.path !== G || calledNs < 240e6);
    const violation = check([...before, ...quiet, ...bad])!;
    const [reason] = violation.split('shortly before that:');
    const shown = reason!.split('\n').filter((line) => line.includes('├'));
    expect(shown).toHaveLength(2);
    for (const line of shown) expect(line).toContain(`create ${G}`);
    expect(violation).toContain(`${G}: absent`);
  });
});
