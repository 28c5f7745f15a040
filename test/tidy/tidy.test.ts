/**
 * Style is a test: who may import whom, sizes, names, what is banned. Each check is run over the
 * project, and over a bad sample that it must find and a good one that it must leave alone.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkAsserts } from './assert-checks.js';
import { TEST_ONLY } from './floors.js';
import {
  checkAtomics,
  checkCycles,
  checkDead,
  checkFloorList,
  checkFloors,
  checkLight,
  checkPure,
} from './import-checks.js';
import { checkReasons } from './reason-checks.js';
import type { SourceFile } from './source-file.js';
import { readProject, sourceFile } from './source-file.js';
import {
  checkBan,
  checkBlobs,
  checkColumns,
  checkFileLines,
  checkFunctionLines,
  checkHeaders,
  checkLeftovers,
  checkLock,
  checkNames,
  checkPresent,
  checkTitles,
} from './style-checks.js';
import { checkCounters, checkSettings, checkTestOnly } from './use-checks.js';

type Check = (files: readonly SourceFile[]) => string[];
type Sample = Readonly<Record<string, string>>;
type Row = { name: string; check: Check; bad: Sample; says: RegExp; good: Sample };

const project = readProject(fileURLToPath(new URL('../..', import.meta.url)));
const lines = (count: number) => 'x;\n'.repeat(count);
const many = 'a();'.repeat(200_000);

const rows: readonly Row[] = [
  {
    name: 'every setting is read',
    check: checkSettings,
    bad: { 'src/master/settings/config-table.ts': `const a = {\n  ringBytes: row(1),\n};` },
    says: /the setting ringBytes is read by nobody/,
    good: {
      'src/master/settings/config-table.ts': `const a = {\n  ringBytes: row(1),\n};`,
      'src/master/main/a.ts': `use(config.ringBytes);`,
    },
  },
  {
    name: 'every counter is written',
    check: checkCounters,
    bad: { 'src/wire/call-counters.ts': `const W = {\n  BUGS: 11,\n};` },
    says: /the counter BUGS is written by nobody/,
    good: { 'src/wire/call-counters.ts': `const W = {\n  BUGS: 11,\n};\nadd(W.BUGS);` },
  },
  {
    name: 'no export is there for tests alone',
    check: (files) => checkTestOnly(files, TEST_ONLY),
    bad: { 'src/base/a.ts': `export const a = 1;`, 'test/a.ts': `use(a);` },
    says: /only tests use a/,
    good: { 'src/base/a.ts': `export const a = 1;`, 'src/base/b.ts': `use(a);` },
  },
  {
    name: 'a folder imports what is listed for it',
    check: checkFloors,
    bad: { 'src/master/lock/a.ts': `import { b } from '../ops/verbs/b.js';` },
    says: /src\/master\/lock\/a.ts: master\/lock sees only base, .*, not master\/ops\/verbs/,
    good: {
      'src/master/ops/verbs/a.ts': `import '../../lock/b.js'; import './c.js';`,
    },
  },
  {
    name: 'imports of types count too',
    check: checkFloors,
    bad: { 'src/master/tier/a.ts': `export type { B } from '../path/b.js';` },
    says: /master\/tier sees only/,
    good: { 'src/master/path/a.ts': `export type { B } from '../lock/b.js';` },
  },
  {
    name: 'a new folder is listed first',
    check: checkFloors,
    bad: { 'src/worker/a.ts': `import { b } from '../base/b.js';` },
    says: /worker sees only itself, not base/,
    good: { 'src/worker/a.ts': `import { b } from './b.js';` },
  },
  {
    name: 'the client does not see the master',
    check: checkFloors,
    bad: { 'src/client/a.ts': `const b = await import('../master/storage/b.js');` },
    says: /client sees only base, wire, api, not master\/storage/,
    good: { 'src/client/a.ts': `import { b } from '../wire/b.js'; import ws from 'ws';` },
  },
  {
    name: 'one door from the command to the composition root',
    check: checkFloors,
    bad: { 'src/cli/fs-command.ts': `import { m } from '../master/main/main.js';` },
    says: /cli sees only base, client, not master\/main/,
    good: { 'src/cli/master-door.ts': `import { m } from '../master/main/main.js';` },
  },
  {
    name: 'which journal there is, one place knows',
    check: checkFloors,
    bad: { 'src/master/commit/a.ts': `import { Wal } from '../journal/local/wal.js';` },
    says: /commit sees only base, .*, not master\/journal\/local/,
    good: {
      'src/master/main/open-journal.ts': `import { L } from '../journal/local/local-journal.js';`,
      'src/master/commit/a.ts': `import type { Journal } from '../journal/journal.js';`,
    },
  },
  {
    name: 'base, locks, paths and operations are pure',
    check: checkPure,
    bad: { 'src/master/path/a.ts': `import { join } from 'node:path';` },
    says: /path is pure: it imports no node: module \(node:path\)/,
    good: { 'src/master/journal/a.ts': `import { open } from 'node:fs';` },
  },
  {
    name: 'imports form no cycle',
    check: checkCycles,
    bad: {
      'src/base/a.ts': `import { b } from './b.js';`,
      'src/base/b.ts': `import type { C } from './c.js';`,
      'src/base/c.ts': `export * from './a.js';`,
    },
    says: /src\/base\/a.ts → src\/base\/b.ts → src\/base\/c.ts → src\/base\/a.ts/,
    good: {
      'src/base/a.ts': `import { b } from './b.js'; import { c } from './c.js';`,
      'src/base/b.ts': `import { c } from './c.js';`,
      'src/base/c.ts': '',
    },
  },
  {
    name: 'raw Atomics stay where they are at home',
    check: checkAtomics,
    bad: { 'src/master/ops/verbs/a.ts': 'Atomics.add(words, 0, 1);' },
    says: /src\/master\/ops\/verbs\/a.ts:1: raw Atomics only where/,
    good: {
      'src/master/lock/a.ts': 'Atomics.add(words, 0, 1);',
      'src/master/ops/verbs/a.ts': '// Atomics.add',
    },
  },
  {
    name: 'below the operations is said what is relied on',
    check: checkAsserts,
    bad: { 'src/master/lock/a.ts': `assert(x, 'x');\n${lines(100)}` },
    says: /src\/master\/lock: 1 in 101 lines; 10 assertions in 1,000 lines below the operations/,
    good: {
      'src/master/lock/a.ts': `assert(x, 'x');\n${lines(99)}`,
      'src/master/journal/local/a.ts': `invariant(x, 'x', 1);\n${lines(99)}`,
      'src/master/ops/verbs/a.ts': lines(300),
      'src/cli/a.ts': lines(300),
    },
  },
  {
    name: 'no file is dead',
    check: checkDead,
    bad: { 'src/cli/main.ts': `import { a } from './a.js';`, 'src/cli/b.ts': '' },
    says: /src\/cli\/b.ts: no program reaches this file/,
    good: {
      'src/cli/main.ts': `import { a } from '../base/a.js';`,
      'src/base/a.ts': `new Worker(new URL('./b.js', import.meta.url));`,
      'src/base/b.ts': '',
      'src/base/c.ts': '',
      'assembly/gen.mjs': `import { c } from '../dist/src/base/c.js';`,
    },
  },
  {
    name: 'a start loads little',
    check: checkLight,
    bad: {
      'src/master/main/writer-thread.ts': `import { a } from '../../base/a.js';`,
      'src/base/a.ts': `import { z } from 'zod';`,
    },
    says: /src\/master\/main\/writer-thread.ts → src\/base\/a.ts: a start loads no zod/,
    good: {
      'src/master/main/writer-thread.ts': `import type { A } from '../../base/a.js';`,
      'src/base/a.ts': `import { z } from 'zod';`,
      'src/cli/main.ts': `const { a } = await import('../base/a.js');`,
    },
  },
  {
    name: 'a file has at most 400 lines',
    check: checkFileLines,
    bad: { 'src/base/a.ts': lines(401) },
    says: /401 lines; a file has at most 400/,
    good: { 'src/base/a.ts': lines(400), 'src/base/generated/a.ts': lines(401) },
  },
  {
    name: 'a function has at most 70 lines',
    check: checkFunctionLines,
    bad: {
      'src/base/a.ts': `\nconst f = () => {\n${lines(69)}};`,
      'assembly/a.ts': `export function f(): void {\n${lines(69)}}`,
    },
    says: /src\/base\/a.ts:2: 71 lines; a function has at most 70/,
    good: { 'src/base/a.ts': `const f = () => {\n${lines(68)}};`, 'assembly/a.ts': lines(90) },
  },
  {
    name: 'reasons are sentences',
    check: checkReasons,
    bad: {
      'src/net/a.ts':
        `f(new StatusError(code, \`no \${a}.\`));` + `g(new OrchardError('X', 'No ' + b + 'c'));`,
    },
    says: /a.ts:1: a reason begins with a capital and ends with a stop\n.*a.ts:1: a reason/,
    good: {
      'src/net/a.ts': `f(new StatusError(code, 'No b.')); g(new StatusError(c, d));`,
    },
  },
  {
    name: 'a line has at most 100 columns',
    check: checkColumns,
    bad: { 'src/base/a.ts': `\n// ${'é'.repeat(98)}` },
    says: /src\/base\/a.ts:2: a line has at most 100 columns/,
    good: { 'src/base/a.ts': `// ${'é'.repeat(97)}\n// https://${'x'.repeat(100)}` },
  },
  {
    name: 'no console outside programs',
    check: checkBan('console'),
    bad: { 'src/ops/a.ts': '\nconsole.log(1);' },
    says: /src\/ops\/a.ts:2: no console here/,
    good: { 'src/cli/a.ts': 'console.log(1);', 'src/ops/a.ts': '// console.log(1)' },
  },
  {
    name: 'the environment is read in one place',
    check: checkBan('environment'),
    bad: { 'src/master/a.ts': 'process.env.X;' },
    says: /process.env is read by/,
    good: { 'src/cli/main.ts': 'process.env.X;', 'src/master/a.ts': 'process.pid;' },
  },
  {
    name: 'no default export',
    check: checkBan('defaultExport'),
    bad: { 'src/base/a.ts': 'export default 1;' },
    says: /no default export/,
    good: { 'src/base/a.ts': 'export const a = 1;', 'vitest.config.ts': 'export default 1;' },
  },
  {
    name: 'no enum',
    check: checkBan('enum'),
    bad: { 'src/base/a.ts': 'export enum A { B }' },
    says: /no enum outside assembly/,
    good: { 'assembly/a.ts': 'export const enum A { B }' },
  },
  {
    name: 'no empty catch',
    check: checkBan('emptyCatch'),
    bad: { 'src/base/a.ts': 'try { f(); } catch { /* nothing */ }' },
    says: /no empty catch/,
    good: { 'src/base/a.ts': 'try { f(); } catch { g(); }' },
  },
  {
    name: 'no test is left out',
    check: checkBan('leftOutTest'),
    bad: { 'test/a.test.ts': `test.skip('a', () => {});` },
    says: /no test is left out/,
    good: { 'test/a.test.ts': `test.each([1])('a', () => {}); entries.skip(1);` },
  },
  {
    name: 'no leftovers',
    check: checkLeftovers,
    bad: { 'src/base/a.ts': `// ${['TO', 'DO'].join('')}: later` },
    says: /finish it or open an issue/,
    good: { 'src/base/a.ts': `// todos, mkdtemp('/tmp/${'X'.repeat(6)}')` },
  },
  {
    name: 'files are named for one concept',
    check: checkNames,
    bad: { 'src/base/util.ts': '', 'src/base/lock-manager.ts': '', 'src/base/lockWord.ts': '' },
    says: /util.ts: a file is n[\s\S]*manager.ts: a file is n[\s\S]*lockWord.ts: files are kebab/,
    good: { 'src/base/lock-word.ts': '', 'test/base/crc32c.test.ts': '' },
  },
  {
    name: 'a file says what it is',
    check: checkHeaders,
    bad: { 'src/base/a.ts': 'export const a = 1;' },
    says: /opens with a comment/,
    good: { 'src/base/a.ts': '/** A. */', 'src/cli/main.ts': '#!/usr/bin/env node\n/** B. */' },
  },
  {
    name: 'Markdown has titles',
    check: checkTitles,
    bad: { 'docs/a.md': 'text' },
    says: /docs\/a.md: a Markdown file starts with its title/,
    good: { 'docs/a.md': '# A' },
  },
  {
    name: 'what a project must have is there',
    check: checkPresent,
    bad: { 'README.md': '', 'CHANGELOG.md': '# C', LICENSE: 'L', '.ci/run': '#' },
    says: /^README.md: must be there\ndocs\/ARCHITECTURE.md: must be there$/,
    good: {
      'README.md': '# R',
      'CHANGELOG.md': '# C',
      LICENSE: 'L',
      '.ci/run': '#',
      'docs/ARCHITECTURE.md': '# A',
    },
  },
  {
    name: 'the lock knows every platform',
    check: checkLock,
    bad: {
      'package-lock.json': '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1"}}}}',
    },
    says: /b: npm ci refuses a lock without it/,
    good: {
      'package-lock.json':
        '{"packages":{"node_modules/a":{"optionalDependencies":{"@c/b":"1"}},' +
        '"node_modules/a/node_modules/@c/b":{}}}',
    },
  },
  {
    name: 'no large files',
    check: checkBlobs,
    bad: { 'docs/a.json': many },
    says: /docs\/a.json: 800000 bytes/,
    good: { 'docs/a.json': '{}' },
  },
];

const sampleFiles = (sample: Sample) =>
  Object.entries(sample).map(([path, text]) => sourceFile(path, text));

describe.each(rows)('$name', ({ check, bad, says, good }) => {
  test('finds the bad sample', () => {
    expect(check(sampleFiles(bad)).join('\n')).toMatch(says);
  });

  test('leaves the good sample alone', () => {
    expect(check(sampleFiles(good))).toEqual([]);
  });

  test('holds in the project', () => {
    expect(check(project).join('\n')).toBe('');
  });
});

test('the list of floors leads down, and has no stale entry', () => {
  expect(checkFloorList(project)).toEqual([]);
});

test('the checks see the project', () => {
  const paths = project.map(({ path }) => path);
  for (const path of ['src/base/status.ts', 'package.json', '.ci/run']) {
    expect(paths.includes(path), path).toBe(true);
  }
  const config = project.find(({ path }) => path === 'src/master/settings/config.ts');
  expect(config?.imports.map(({ target }) => target)).toContain('src/base/settings.ts');
});
