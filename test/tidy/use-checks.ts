/**
 * What is declared is used: a setting that nobody reads, a word of the counters that nobody writes,
 * an export that only tests import. Declarations are found by their form, uses by the name.
 */
import type { SourceFile } from './source-file.js';

/** Where settings stand and are parsed; what lays the memory out by them reads them. */
const SETTINGS = /^src\/master\/settings\/(?!config-layout)/;
const COUNTERS = 'src/master/memory/layout-counters.ts';
const CALLS = 'src/wire/call-counters.ts';

/** `key: row(` at two blanks: a row of a settings table. */
const SETTING = /^ {2}(\w+): row\(/gm;
/** `NAME: 8,` of an object of words. */
const WORD = /^ {2}([A-Z][A-Z0-9_]*): /gm;
const EXPORT = /^export (?:const|function|class) (\w+)/gm;

export function checkSettings(files: readonly SourceFile[]): string[] {
  const users = files.filter(({ path }) => /^src\/.*\.ts$/.test(path) && !SETTINGS.test(path));
  return files
    .filter(({ path }) => SETTINGS.test(path))
    .flatMap(({ path, text }) =>
      namesOf(text, SETTING)
        .filter((name) => !users.some((file) => reads(file.text, name)))
        .map((name) => `${path}: the setting ${name} is read by nobody; use it or remove it`),
    );
}

/** As a property, or taken out of an object. */
const reads = (text: string, name: string): boolean =>
  new RegExp(`\\.${name}\\b|[{,\\s]${name}\\s*[,}=:]`).test(text);

/** A word must be named in TypeScript or in a kernel besides its declaration. */
export function checkCounters(files: readonly SourceFile[]): string[] {
  const used = files.filter(({ path }) => /^(src|assembly)\/(?!generated).*\.ts$/.test(path));
  return files
    .filter(({ path }) => path === COUNTERS || path === CALLS)
    .flatMap(({ path, text }) =>
      [...new Set(namesOf(text, WORD))]
        .filter((name) => {
          const others = used.reduce((sum, file) => sum + usesOf(file.text, name), 0);
          return others === 0;
        })
        .map((name) => `${path}: the counter ${name} is written by nobody; use it or remove it`),
    );
}

const usesOf = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`(?:[A-Z]\\w*\\.|COUNTER_|STORE_ROW_)${name}\\b`, 'g'))].length;

/** `kept`: files that only tests import, each with its reason. */
export function checkTestOnly(
  files: readonly SourceFile[],
  kept: readonly (readonly [path: RegExp, why: string])[],
): string[] {
  const sources = files.filter(({ path }) => /^(src|bench|assembly|schemas)\//.test(path));
  const isKept = (path: string): boolean =>
    path.includes('/generated/') || kept.some(([rule]) => rule.test(path));
  return sources
    .filter(({ path }) => /^src\/.*\.ts$/.test(path) && !isKept(path))
    .flatMap(({ path, text }) =>
      namesOf(text, EXPORT)
        .filter((name) => sources.reduce((sum, file) => sum + wordsOf(file.text, name), 0) < 2)
        .map((name) => `${path}: only tests use ${name}; remove it, or say why in TEST_ONLY`),
    );
}

const split = new Map<string, ReadonlyMap<string, number>>();

/** How often the text has the word; every text is split once. */
function wordsOf(text: string, name: string): number {
  const known = split.get(text);
  if (known !== undefined) return known.get(name) ?? 0;
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/\w+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  split.set(text, counts);
  return counts.get(name) ?? 0;
}

const namesOf = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name!);
