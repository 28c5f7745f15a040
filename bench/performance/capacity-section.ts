/** The part of docs/PERFORMANCE.md about large namespaces: bench/capacity/. */
import { median } from '../median.js';
import type { Row } from '../results.js';
import { hotReads } from './hot-reads.js';
import { numberOf } from './recorded-runs.js';
import {
  count,
  latencyCells,
  latencyHead,
  markdownTable,
  mebibytes,
  provenance,
  type Section,
} from './section.js';

const RATES_TEXT =
  '**Rates**, 50 × 32. hot: of the same million files in turns, after a warm-up, medians and the ' +
  'share within each round (least–most); all: of the whole tree, tier 2 in the page cache; cold: ' +
  'the same at once after a start with nothing of it there.';
const GIB = 2 ** 30;
const BILLION = 1e9;
const INODES_PER_FILE = 1.01001;

export const capacitySection: Section = {
  name: 'capacity',
  make(runs) {
    const latest = runs.latest('capacity');
    if (latest === undefined) return undefined;
    const keyOf = (row: Row): string =>
      [row.case, row['files'], row['nameBytes'], row['drawn'], row['when']].join();
    // Hot reads are told of those that were measured in turns, and of nothing else.
    const parts = runs.latestRows('capacity', keyOf).filter((row) => row['drawn'] !== 'hot');
    const rows = [...hotReads(runs), ...parts];
    const of = (name: string): Row[] =>
      rows
        .filter((row) => row.case === name)
        .toSorted((a, b) => Number(a['files']) - Number(b['files']));
    return {
      text: [
        provenance(latest.run),
        '**Import and disk.**',
        importTable(of('import')),
        RATES_TEXT,
        ratesTable([...of('getStatus'), ...of('listStatus'), ...of('mix A')]),
        '**Memory of the master.**',
        memoryTable(of('memory')),
        '**Start after SIGKILL, and backup.**',
        restartTable([...of('restart'), ...of('backup')]),
        extrapolation(of('import'), of('memory')),
      ].join('\n\n'),
    };
  },
};

const importTable = (rows: readonly Row[]): string =>
  markdownTable(
    ['files', 'name bytes', 'seconds', 'files/s', 'on disk', 'bytes an inode', 'import memory'],
    rows.map((row) => [
      count(row['files']),
      String(row['nameBytes']),
      String(row['seconds']),
      count(row['filesPerSecond']),
      gibibytes(row['diskBytes']),
      String(row['bytesPerInode']),
      mebibytes(row['peakBytes']),
    ]),
  );

const ratesTable = (rows: readonly Row[]): string =>
  markdownTable(
    ['case', 'files', 'drawn', 'ops/s', 'of that at the least size', ...latencyHead],
    rows.map((row) => [
      row.case,
      count(row['files']),
      String(row['drawn'] ?? 'all'),
      count(row['opsPerSecond']),
      share(row, rows),
      ...latencyCells(row),
    ]),
  );

/** By the least size with the same case, drawn alike. */
function share(row: Row, rows: readonly Row[]): string {
  const least = rows
    .filter((other) => other.case === row.case && other['drawn'] === row['drawn'])
    .reduce((a, b) => (Number(b['files']) < Number(a['files']) ? b : a));
  if (least === row) return '–';
  const shares = row['shares'] as readonly number[] | undefined;
  if (shares === undefined) {
    return percent(numberOf(row, 'opsPerSecond')! / numberOf(least, 'opsPerSecond')!);
  }
  const [from, to] = [Math.min(...shares), Math.max(...shares)];
  return `${percent(median(shares))} (${percent(from)}–${percent(to)})`;
}

const memoryTable = (rows: readonly Row[]): string =>
  markdownTable(
    ['when', 'files', 'anonymous', 'of it tier 1', 'beyond tier 1', 'mapped pages (page cache)'],
    rows.map((row) => [
      String(row['when']),
      count(row['files']),
      mebibytes(row['anonymousBytes']),
      mebibytes(row['tier1Bytes']),
      mebibytes(row['beyondTier1Bytes']),
      mebibytes(row['fileBytes']),
    ]),
  );

const restartTable = (rows: readonly Row[]): string =>
  markdownTable(
    ['what', 'files', 'seconds', 'with'],
    rows.map((row) => [
      row.case,
      count(row['files']),
      String(row['seconds']),
      row.case === 'restart'
        ? `${count(row['backlogFiles'])} creates behind the last flush`
        : `${gibibytes(row['bytes'])} written, ${count(row['inodesPerSecond'])} inodes/s`,
    ]),
  );

/** From the largest import: what is linear, and what does not depend on the size. */
function extrapolation(imports: readonly Row[], memory: readonly Row[]): string {
  const largest = imports.toSorted((a, b) => Number(a['files']) - Number(b['files'])).at(-1);
  if (largest === undefined) return '';
  const each = numberOf(largest, 'bytesPerInode') ?? 0;
  const rate = numberOf(largest, 'filesPerSecond') ?? 1;
  const bytes = BILLION * INODES_PER_FILE * each;
  const beyond = Math.max(...memory.map((row) => numberOf(row, 'beyondTier1Bytes') ?? 0));
  const minutes = BILLION / rate / 60;
  return [
    '**A billion files**, from the largest import above, 100 files a directory:',
    `- disk: 1,000,000,000 × ${INODES_PER_FILE} inodes × ${each} bytes = ${gibibytes(bytes)};`,
    `- import: 1,000,000,000 ÷ ${count(rate)} files/s = ${Math.round(minutes)} minutes;`,
    `- memory: tier 1 as configured and at most ${mebibytes(beyond)} beyond it, at any size;`,
    '- start: does not depend on the size, only on the journal behind the last flush.',
  ].join('\n');
}

const gibibytes = (value: unknown): string =>
  typeof value === 'number' ? `${(value / GIB).toFixed(2)} GiB` : '–';

const percent = (share: number): string => `${Math.round(share * 100)} %`;
