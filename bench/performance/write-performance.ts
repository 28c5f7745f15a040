/**
 * docs/PERFORMANCE.md and its plots anew from what was recorded; nothing is measured. Parts of
 * which nothing was recorded stay as they are.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capacitySection } from './capacity-section.js';
import { connectionsSection } from './connections-section.js';
import { renderSvg } from './plot.js';
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

/** Names of the parts that were made. */
export async function writePerformance(docs: string, results: string): Promise<string[]> {
  const runs = RecordedRuns.read(results);
  const file = join(docs, DOCUMENT);
  let text = readFileSync(file, 'utf8');
  mkdirSync(join(docs, PLOTS), { recursive: true });
  const names: string[] = [];
  for (const section of sections) {
    const made = section.make(runs);
    if (made === undefined) continue;
    text = replaceSection(text, section.name, made.text);
    for (const [name, plot] of Object.entries(made.plots ?? {})) {
      writeFileSync(join(docs, PLOTS, `${name}.svg`), await renderSvg(plot));
    }
    names.push(section.name);
  }
  writeFileSync(file, text);
  return names;
}
