/**
 * The command line: verbs made into commander's commands, parsed, run, turned into an exit status.
 * Exit status: 0 done, 1 an operation failed, 2 the command line is wrong, 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { verbGroups, verbs } from './commands/index.js';
import { translateArguments } from './familiar-arguments.js';
import type { CliIo } from './io.js';
import { ExitStatus, type GlobalOptions, Shell } from './shell.js';
import type { OptionSpec, Verb } from './verb.js';

type Run = { status: number };

export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const run: Run = { status: ExitStatus.OK };
  try {
    await buildProgram(io, run).parseAsync(translateArguments(argv), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    run.status = thrown.exitCode === 0 ? ExitStatus.OK : ExitStatus.USAGE;
  }
  return run.status;
}

export function buildProgram(io: CliIo, run: Run): Command {
  const program = new Command('orchard')
    .description('One namespace over many stores: files, mounts and the master that knows them.')
    .version(io.version, '-V, --version', 'print the version')
    .option('--host <host>', 'the master (ORCHARD_HOST)')
    .option('--port <port>', 'its port for calls (ORCHARD_RPC_PORT)')
    .option('--http-port <port>', 'its port for data (ORCHARD_HTTP_PORT)')
    .option('--user <name>', 'who asks (ORCHARD_USER)')
    .option('--groups <names>', 'the groups of who asks, with commas between (ORCHARD_GROUPS)')
    .option('--timeout <duration>', 'longest wait for one answer, like 30s')
    .option('--json', 'one JSON object a line')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', overview);
  prepare(program, io, '');
  for (const spec of verbs) addVerb(program, spec, { io, run });
  for (const group of verbGroups) {
    const command = program.command(group.name).description(group.summary);
    prepare(command, io, group.name);
    for (const spec of group.verbs) addVerb(command, spec, { io, run, group: group.name });
  }
  return program;
}

const overview = `
Start here:
  $ orchard master start                    a master with embedded defaults
  $ orchard mount /data s3://bucket/prefix  a store in the namespace
  $ orchard ls -h /data                     what is in it
  $ orchard <command> --help                examples of each command

Coming from Alluxio or HDFS: \`orchard fs ls /\` and \`orchard dfs -ls /\` work as well.`;

/** What commander says, in the form of all failures. */
function usageFailure(text: string, words: string): string {
  const [reason = '', guess = ''] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const verb = words === '' ? '' : `${words}: `;
  const hint = guess.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1? See ');
  return `orchard: ${verb}USAGE: ${reason}. Try: ${hint}orchard ${words}${words && ' '}--help\n`;
}

/** `words` are those of the command, as typed after `orchard`. */
function prepare(command: Command, io: CliIo, words: string): Command {
  return command
    .helpOption('--help', 'explain and give examples')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(100, io.stdout.columns ?? 100), showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(usageFailure(text, words)),
    });
}

type Place = { io: CliIo; run: Run; group?: string };

function addVerb(parent: Command, spec: Verb, { io, run, group }: Place): void {
  const name = group === undefined ? spec.name : `${group} ${spec.name}`;
  const command = parent.command(`${spec.name} ${spec.args}`.trim()).description(spec.summary);
  prepare(command, io, name);
  if (spec.usage !== undefined) command.usage(`[options] ${spec.usage}`);
  for (const option of spec.options) addOption(command, option);
  command.addHelpText('after', helpTail(spec));
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
  const widest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  $ ${line.padEnd(widest)}  ${what}`);
  const hint = familiar === undefined ? '' : `\nComing from Alluxio or HDFS: ${familiar}\n`;
  return `\nExamples:\n${lines.join('\n')}\n${hint}`;
}
