/** The soak's report: what the ledger holds, as JSON, and as one HTML page with its plots in it. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { renderSvg } from '../../bench/performance/plot.js';
import { killCount, operationsChecked, quantile, type SoakLedger } from './ledger.js';

const PLOTS: readonly (readonly [name: string, title: string, unit: string])[] = [
  ['checked', 'Calls in checked histories, of each run', 'calls'],
  ['restart', 'From the start of a killed master to serving', 'ms'],
  ['memory', 'Memory of the master under churn', 'MiB'],
  ['disk', 'Journal and tier 2 under churn', 'MiB'],
  ['descriptors', 'Open file descriptors under churn', 'descriptors'],
  ['connections', 'Connections opened and dropped', 'a minute'],
];

/** Returns the path of the page. */
export async function writeReport(ledger: SoakLedger, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = `soak-${ledger.seed}`;
  const page = path.join(directory, `${name}.html`);
  await writeFile(path.join(directory, `${name}.json`), `${JSON.stringify(ledger, null, 1)}\n`);
  await writeFile(page, await html(ledger));
  return page;
}

/** The figures that a reader asks for first. */
export function summary(ledger: SoakLedger): Record<string, string | number> {
  const { restartMs, counts } = ledger;
  return {
    seed: ledger.seed,
    minutes: Number((ledger.elapsedMs / 60_000).toFixed(1)),
    'operations checked': operationsChecked(ledger),
    'model sequences': counts['model sequences'] ?? 0,
    'mutated frames': counts['mutated frames'] ?? 0,
    kills: killCount(ledger),
    'faults of the disk': faultCount(ledger),
    restarts: restartMs.length,
    'restart ms, median': quantile(restartMs, 0.5),
    'restart ms, 99th percentile': quantile(restartMs, 0.99),
    violations: ledger.violations.length,
  };
}

const faultCount = ({ kills }: SoakLedger): number =>
  Object.entries(kills)
    .filter(([name]) => name.startsWith('fail-'))
    .reduce((sum, [, value]) => sum + value, 0);

async function html(ledger: SoakLedger): Promise<string> {
  const plots: string[] = [];
  for (const [name, title, unit] of PLOTS) {
    const values = thinned(ledger.series[name] ?? []);
    if (values.length === 0) continue;
    const svg = await renderSvg({
      kind: 'lines',
      title,
      values,
      x: 'minute',
      xTitle: 'minutes',
      y: 'value',
      yTitle: unit,
      series: 'series',
    });
    plots.push(svg);
  }
  const verdict = ledger.violations.length === 0 ? 'clean' : 'violated';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Orchard soak, seed ${ledger.seed}</title>
<style>${STYLE}</style></head><body>
<h1>Orchard soak: ${verdict}</h1>
<p>npm run soak -- --minutes ${ledger.minutes} --seed ${ledger.seed}
(${new Date(ledger.beganMs).toISOString()})</p>
${table('Summary', summary(ledger))}
${violations(ledger)}
${table('Counts', ledger.counts)}
${table('Kills and faults, by point', ledger.kills)}
${table('Points that did not come in their life', ledger.missed)}
${table('Paths that are taken seldom', ledger.rarePaths)}
${list('Notes', ledger.notes)}
${table('Machine', ledger.machine)}
${plots.join('\n')}
</body></html>
`;
}

const STYLE =
  'body{font:15px/1.4 Helvetica,Arial,sans-serif;margin:2em auto;max-width:60em;color:#222}' +
  'table{border-collapse:collapse;margin:0 0 1.5em}td{padding:.15em 1em .15em 0}' +
  'td+td{text-align:right;font-variant-numeric:tabular-nums}pre{background:#f4f4f4;padding:1em}';

/** A plot needs no more points than it has pixels. */
function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / 1500);
  return points.filter((_, i) => i % every === 0);
}

function table(title: string, rows: Readonly<Record<string, string | number>>): string {
  const names = Object.keys(rows);
  if (names.length === 0) return '';
  const text = (value: string | number | undefined): string =>
    typeof value === 'number' ? value.toLocaleString('en') : escaped(value ?? '');
  const lines = names.map(
    (name) => `<tr><td>${escaped(name)}</td><td>${text(rows[name])}</td></tr>`,
  );
  return `<h2>${title}</h2><table>${lines.join('\n')}</table>`;
}

const list = (title: string, lines: readonly string[]): string =>
  lines.length === 0
    ? ''
    : `<h2>${title}</h2><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;

function violations(ledger: SoakLedger): string {
  const blocks = ledger.violations.map(
    ({ phase, text, again }) =>
      `<h3>${escaped(phase)}</h3><pre>${escaped(text)}\n\nAgain: ${escaped(again)}</pre>`,
  );
  return blocks.length === 0 ? '' : `<h2>Violations</h2>${blocks.join('\n')}`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? char);
