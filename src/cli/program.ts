/**
 * The command line: verbs made into commander's commands, parsed, run, turned into an exit status.
 * Exit status: 0 done, 1 an operation failed, 2 the command line is wrong, 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { verbGroups, verbs } from './commands/index.js';
import { refusedVerbs } from './commands/refused.js';
import type { GlobalOptions } from './connect-arguments.js';
import { failureLine, failureOf } from './failure.js';
import { translateArguments } from './familiar-arguments.js';
import type { CliIo } from './io.js';
import { ExitStatus, Shell } from './shell.js';
import { UsageError } from './usage-error.js';
import type { OptionSpec, Verb } from './verb.js';

type Run = { status: number };

export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const run: Run = { status: ExitStatus.OK };
  const words = translateArguments(argv);
  try {
    const told = { isJson: words.includes('--json'), more: await moreHelp(words) };
    await buildProgram(io, run, told).parseAsync(words, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    run.status = thrown.exitCode === 0 ? ExitStatus.OK : ExitStatus.USAGE;
  }
  return run.status;
}

/** Commander writes its help at once, so what takes time is ready before. */
async function moreHelp(words: readonly string[]): Promise<string> {
  const spec = words.includes('--help') && verbs.find(({ name }) => words.includes(name));
  return (spec && (await spec.moreHelp?.(words))) || '';
}

type HelpOptions = { readonly isJson?: boolean; readonly more?: string };

export function buildProgram(
  io: CliIo,
  run: Run,
  { isJson = false, more = '' }: HelpOptions = {},
): Command {
  const program = new Command('orchard')
    .description('One namespace over many stores: files, mounts, and the master that serves them.')
    .version(io.version, '-V, --version', 'print the version')
    .option('--host <host>', 'the master (ORCHARD_HOST)')
    .option('--port <port>', 'its port for calls (ORCHARD_RPC_PORT)')
    .option('--http-port <port>', 'its port for data (ORCHARD_HTTP_PORT)')
    .option('--user <name>', 'the user (ORCHARD_USER)')
    .option('--groups <names>', 'the groups of the user, with commas between (ORCHARD_GROUPS)')
    .option('--timeout <duration>', 'longest wait for one answer, like 30s')
    .option('--json', 'one JSON object a line')
    .option('-q, --quiet', 'print no progress and no success messages')
    .addHelpText('after', overview);
  prepare(program, { io, words: '', isJson });
  for (const spec of [...verbs, ...refusedVerbs]) {
    addVerb(program, spec, { io, run, isJson, more });
  }
  for (const group of verbGroups) {
    const command = program.command(group.name).description(group.summary);
    prepare(command, { io, words: group.name, isJson });
    for (const spec of group.verbs) addVerb(command, spec, { io, run, isJson, group: group.name });
  }
  return program;
}

const overview = `
Start here:
  $ orchard master start                    a master with embedded defaults
  $ orchard mount /data s3://bucket/prefix  a store in the namespace
  $ orchard ls -h /data                     what is in it
  $ orchard <command> --help                examples of each command

A change prints one line for each path on standard output; -q prints nothing,
--json one object. Failures go to standard error.

Coming from Alluxio or HDFS: \`orchard fs ls /\` and \`orchard dfs -ls /\` work as well.`;

/** What commander says, in the form of all failures. */
function usageFailure(text: string, { words, isJson }: Told): string {
  const [said = '', guess = ''] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const meant = guess.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1? See ');
  const hint = `${meant}orchard ${words}${words && ' '}--help`;
  const failure = failureOf(new UsageError(said, hint));
  if (isJson) return `${JSON.stringify({ verb: words, error: failure })}\n`;
  return `${failureLine(words, failure)}\n`;
}

/** `words` are those of the command, as typed after `orchard`. */
type Told = { readonly words: string; readonly isJson: boolean };

/** `hasShort`: -h means something else there. */
function prepare(command: Command, told: Told & { io: CliIo; hasShort?: boolean }): Command {
  const { io } = told;
  return command
    .helpOption(told.hasShort ? '--help' : '-h, --help', 'explain and give examples')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(100, io.stdout.columns ?? 100), showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(usageFailure(text, told)),
    });
}

type Place = { io: CliIo; run: Run; isJson: boolean; group?: string; more?: string };

function addVerb(parent: Command, spec: Verb, place: Place): void {
  const { io, run, isJson, group, more = '' } = place;
  const name = group === undefined ? spec.name : `${group} ${spec.name}`;
  const hidden = spec.isRefused === true;
  const typed = `${spec.name} ${spec.args}`.trim();
  const command = parent.command(typed, { hidden }).description(spec.summary);
  if (hidden) command.allowUnknownOption();
  const hasShort = spec.options.some(({ flags }) => flags.startsWith('-h,'));
  prepare(command, { io, words: name, isJson, hasShort });
  if (spec.usage !== undefined) command.usage(`[options] ${spec.usage}`);
  for (const option of spec.options) addOption(command, option);
  command.addHelpText('after', helpTail(spec) + (spec.moreHelp === undefined ? '' : more));
  command.action(async () => {
    const shell = new Shell(io, name, command.optsWithGlobals<GlobalOptions>());
    try {
      await spec.run(shell, command.args, command.opts());
    } catch (thrown) {
      await shell.fail(thrown);
    } finally {
      await shell.close();
    }
    run.status = shell.status;
  });
}

function addOption(command: Command, { flags, means, repeats }: OptionSpec): void {
  if (repeats !== true) command.option(flags, means);
  else {
    const gather = (value: string, before: string[] = []) => [...before, value];
    command.option(flags, means, gather);
  }
}

function helpTail({ examples, familiar }: Verb): string {
  if (examples.length === 0) return '';
  const widest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  $ ${line.padEnd(widest)}  ${what}`);
  const hint = familiar === undefined ? '' : `\nComing from Alluxio or HDFS: ${familiar}\n`;
  return `\nExamples:\n${lines.join('\n')}\n${hint}`;
}
