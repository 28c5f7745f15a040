/** master: run one. */
import { type VerbGroup, verb } from '../verb.js';

const start = verb({
  name: 'start',
  args: '',
  summary: 'run a master in the foreground, configured by ORCHARD_* variables',
  options: [],
  examples: [
    ['orchard master start', 'with embedded defaults, data in ./data'],
    ['ORCHARD_DATA_DIR=/var/lib/orchard orchard master start', 'data elsewhere'],
    ['orchard admin config --local', 'all variables and their values'],
  ],
  familiar: 'no format step: an empty data directory becomes a new cluster.',
  run: (shell) => shell.io.startMaster(),
});

export const master: VerbGroup = { name: 'master', summary: 'run a master', verbs: [start] };
