/**
 * `npm run bench -- quick | stress | mix | …`, one file a command in commands/. Ends with status 1
 * when any reply was wrong; missing a goal is a figure, not a failure.
 */
import { Command } from 'commander';
import { echoCommand } from './commands/echo-command.js';
import { httpCommand } from './commands/http-command.js';
import { mixCommand } from './commands/mix-command.js';
import { peersCommand } from './commands/peers-command.js';
import { quickCommand } from './commands/quick-command.js';
import { sharedCommand } from './commands/shared-command.js';
import { stressCommand } from './commands/stress-command.js';

const STATUS_INTERRUPTED = 130;

const program = new Command('bench')
  .description('measures a real master over the real wire')
  .addHelpText(
    'after',
    '\nWith --record a run keeps its figures under bench/results/; nothing is written otherwise.',
  );

program.addCommand(quickCommand(), { isDefault: true });
program.addCommand(stressCommand());
program.addCommand(mixCommand());
program.addCommand(sharedCommand());
program.addCommand(echoCommand());
program.addCommand(httpCommand());
program.addCommand(peersCommand());

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(STATUS_INTERRUPTED));
}
await program.parseAsync();
