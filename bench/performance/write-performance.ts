/**
 * docs/PERFORMANCE.md with its plots and the README's table anew from what was recorded; nothing is
 * measured. Parts of which nothing was recorded stay as they are.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capacitySection } from './capacity-section.js';
import { connectionsSection } from './connections-section.js';
import { renderSvg } from './plot.js';
import { speedSection } from './readme-section.js';
import { RecordedRuns } from './recorded-runs.js';
import { replaceSection, type Section } from './section.js';
import {
  generatorSection,
  mixesSection,
  phasesSection,
  quickSection,
  stressSection,
} from './sections.js';

const sections: readonly Section[] = [
  generatorSection,
  quickSection,
  stressSection,
  mixesSection,
  phasesSection,
  connectionsSection,
  capacitySection,
];

const DOCUMENT = 'PERFORMANCE.md';
const PLOTS = 'performance';

export type Documents = {
  /** Directory with PERFORMANCE.md. */
  readonly docs: string;
  readonly readme: string;
  /** Directory of the recorded runs. */
  readonly results: string;
};

/** Names of the parts that were made. */
export async function writePerformance({ docs, readme, results }: Documents): Promise<string[]> {
  const runs = RecordedRuns.read(results);
  mkdirSync(join(docs, PLOTS), { recursive: true });
  return [
    ...(await writeSections(join(docs, DOCUMENT), sections, runs)),
    ...(await writeSections(readme, [speedSection], runs)),
  ];
}

/** The plots of a document's parts go into a directory beside it. */
async function writeSections(
  file: string,
  parts: readonly Section[],
  runs: RecordedRuns,
): Promise<string[]> {
  let text = readFileSync(file, 'utf8');
  const names: string[] = [];
  for (const section of parts) {
    const made = section.make(runs);
    if (made === undefined) continue;
    text = replaceSection(text, section.name, made.text);
    for (const [name, plot] of Object.entries(made.plots ?? {})) {
      writeFileSync(join(dirname(file), PLOTS, `${name}.svg`), await renderSvg(plot));
    }
    names.push(section.name);
  }
  writeFileSync(file, text);
  return names;
}
