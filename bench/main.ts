/**
 * `npm run bench -- quick | stress | mix | …`, one file a command in commands/. Ends with status 1
 * when any reply was wrong; missing a goal is a figure, not a failure.
 */
import { Command } from 'commander';
import { allCommand } from './commands/all-command.js';
import { capacityCommand } from './commands/capacity-command.js';
import { connectionsCommand } from './commands/connections-command.js';
import { echoCommand } from './commands/echo-command.js';
import { httpCommand } from './commands/http-command.js';
import { mixCommand } from './commands/mix-command.js';
import { peersCommand } from './commands/peers-command.js';
import { phasesCommand } from './commands/phases-command.js';
import { quickCommand } from './commands/quick-command.js';
import { reportCommand } from './commands/report-command.js';
import { sharedCommand } from './commands/shared-command.js';
import { stressCommand } from './commands/stress-command.js';

const STATUS_INTERRUPTED = 130;

const program = new Command('bench')
  .description('measures a real master over the real wire')
  .addHelpText(
    'after',
    '\nWith --record a run keeps its figures under bench/results/; nothing is written otherwise.',
  );

/** What `all` runs, which makes them anew for each step. */
const steps = {
  quick: quickCommand,
  stress: stressCommand,
  mix: mixCommand,
  shared: sharedCommand,
  phases: phasesCommand,
  connections: connectionsCommand,
  echo: echoCommand,
  http: httpCommand,
};

for (const make of Object.values(steps)) {
  const command = make();
  program.addCommand(command, { isDefault: command.name() === 'quick' });
}
program.addCommand(capacityCommand());
program.addCommand(peersCommand());
program.addCommand(allCommand(steps));
program.addCommand(reportCommand());

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(STATUS_INTERRUPTED));
}
await program.parseAsync();
