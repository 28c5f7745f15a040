/** `bench report`: docs/PERFORMANCE.md from the recorded runs. */
import { join } from 'node:path';
import { Command } from 'commander';
import { writePerformance } from '../performance/write-performance.js';
import { RESULTS_DIR, ROOT } from '../results.js';

type ReportFlags = { readonly results: string; readonly docs: string };

async function report({ results, docs }: ReportFlags): Promise<void> {
  const names = await writePerformance(docs, results);
  console.log(
    names.length === 0
      ? `nothing is recorded under ${results}: run a bench with --record first`
      : `${join(docs, 'PERFORMANCE.md')}: ${names.join(', ')}`,
  );
}

export const reportCommand = (): Command =>
  new Command('report')
    .description('docs/PERFORMANCE.md and its plots from what was recorded; measures nothing')
    .option('--results <directory>', 'of the recorded runs', RESULTS_DIR)
    .option('--docs <directory>', 'with PERFORMANCE.md', join(ROOT, 'docs'))
    .addHelpText(
      'after',
      `
Of each case the latest recorded run counts. What stands outside of the marks in PERFORMANCE.md is
written by hand and stays. Peers have a report of their own: bench peers --report.`,
    )
    .action(report);
