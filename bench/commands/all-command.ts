/**
 * `bench all`: the benches of the load generator one after the other, so that docs/PERFORMANCE.md
 * can be made anew by one command. Peers and capacity take long and have commands of their own.
 */
import { Command } from 'commander';
import { recordOption } from '../results.js';
import { seedOption, tell } from './values.js';

type AllFlags = {
  readonly only?: string[];
  readonly seed: number;
  readonly smoke?: true;
  readonly record?: string;
};

type Step = {
  readonly name: string;
  /** What follows the name of the bench on the command line. */
  readonly full: string;
  readonly smoke: string;
};

const TINY_LOAD = '--connections 4 --depth 4 --seconds 0.3 --warm-seconds 0.05';
const TINY_TREE = '--files 2000';

const steps: readonly Step[] = [
  { name: 'echo', full: '', smoke: '--seconds 0.1 --client-threads 2' },
  { name: 'quick', full: '', smoke: '--smoke' },
  {
    name: 'stress',
    full:
      '--operation GetFileStatus,GetDirStatus,GetMissingStatus,Exists,OpenFile,ListDir,' +
      'CreateFile,CreateDir,RenameFile,DeleteFile,SetMode --seconds 4',
    smoke: `--operation GetFileStatus,DeleteFile ${TINY_LOAD} ${TINY_TREE}`,
  },
  {
    name: 'stress',
    full: '--operation GetFileStatus --zipf 1 --seconds 4',
    smoke: `--operation GetFileStatus --zipf 1 ${TINY_LOAD} ${TINY_TREE}`,
  },
  {
    name: 'stress',
    full: '--operation GetFileStatus,CreateFile --durability group --p99-ms 10 --seconds 4',
    smoke: `--operation GetFileStatus --p99-ms 1000 ${TINY_LOAD} ${TINY_TREE}`,
  },
  {
    name: 'mix',
    full: '--mix A,B,C,D,F5,F10,F20 --seconds 8',
    smoke: `--mix A ${TINY_LOAD} ${TINY_TREE} --rate 500 --arrivals poisson`,
  },
  {
    name: 'shared',
    full: '',
    smoke: '--pairs 1 --seconds 0.3 --warm-seconds 0.05 --directories 50',
  },
  {
    name: 'phases',
    full: '',
    smoke: '--suite io500,deep,subtree --files 500 --directories 50 --connections 4 --depth 4',
  },
  {
    name: 'connections',
    full: '',
    smoke:
      '--sockets 40 --sessions 100 --seconds 1 --rate-per-session 2 --spread-seconds 0.2 ' +
      TINY_TREE,
  },
  { name: 'http', full: '--connections 50 --pipelining 10', smoke: '--seconds 1 --connections 5' },
];

const stepNames = [...new Set(steps.map(({ name }) => name))];

/** `make`: the commands by name, each made anew for each step. */
export function allCommand(make: Readonly<Record<string, () => Command>>): Command {
  async function all({ only, smoke, seed, record }: AllFlags): Promise<void> {
    for (const step of steps.filter(({ name }) => only === undefined || only.includes(name))) {
      const words = (smoke === true ? step.smoke : step.full).split(' ').filter(Boolean);
      const command = make[step.name]?.();
      if (command === undefined) throw new Error(`there is no bench ${step.name}`);
      const isSeeded = command.options.some(({ long }) => long === '--seed');
      tell(`bench ${step.name} ${words.join(' ')}`);
      await command.parseAsync(
        [
          ...words,
          ...(isSeeded ? ['--seed', String(seed)] : []),
          ...(record === undefined ? [] : ['--record', record]),
        ],
        { from: 'user' },
      );
    }
  }
  return new Command('all')
    .description('every bench of the load generator, for docs/PERFORMANCE.md')
    .option('--smoke', 'each at a tiny size: do the benches work?')
    .option('--only <names>', `some of ${stepNames.join(',')}`, (text) => text.split(','))
    .addOption(seedOption())
    .addOption(recordOption())
    .addHelpText(
      'after',
      `
Some 15 minutes. Peers and capacity have commands of their own.

example:
  npm run bench -- all --record && npm run bench:report`,
    )
    .action(all);
}
