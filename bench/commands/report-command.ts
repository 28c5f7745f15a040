/** `bench report`: docs/PERFORMANCE.md and the README's table from the recorded runs. */
import { join } from 'node:path';
import { Command } from 'commander';
import { type Documents, writePerformance } from '../performance/write-performance.js';
import { RESULTS_DIR, ROOT } from '../results.js';

async function report(documents: Documents): Promise<void> {
  const names = await writePerformance(documents);
  const { docs, readme, results } = documents;
  console.log(
    names.length === 0
      ? `nothing is recorded under ${results}: run a bench with --record first`
      : `${join(docs, 'PERFORMANCE.md')}, ${readme}: ${names.join(', ')}`,
  );
}

export const reportCommand = (): Command =>
  new Command('report')
    .description('the documents and their plots from what was recorded; measures nothing')
    .option('--results <directory>', 'of the recorded runs', RESULTS_DIR)
    .option('--docs <directory>', 'with PERFORMANCE.md', join(ROOT, 'docs'))
    .option('--readme <file>', 'with the table of speed', join(ROOT, 'README.md'))
    .addHelpText(
      'after',
      `
Of each case the latest recorded run counts. What stands outside of the marks in the documents is
written by hand and stays. Peers have a report of their own: bench peers --report.`,
    )
    .action(report);
