/**
 * A verb as data: how it is typed, what it says about itself, what it does. program.ts makes
 * commands of them, so that help, options and failures look the same everywhere.
 */
import type { Shell } from './shell.js';

export type OptionSpec = {
  /** As commander reads it: `-R, --recursive`, `--size <n>`. */
  readonly flags: string;
  readonly means: string;
  /** May be given again; the values are gathered. */
  readonly repeats?: true;
};

export type Verb<Options = Record<string, unknown>> = {
  readonly name: string;
  /** `<path...>`, `<source> <target>`; '' for none. */
  readonly args: string;
  /** The arguments as the help shows them, where `args` can't say it. */
  readonly usage?: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** A command line and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Known by name only to say why it is not there: not in the help, and takes any arguments. */
  readonly isRefused?: true;
  /** For those who come from Alluxio or HDFS. */
  readonly familiar?: string;
  /** Help that is made when it is asked for, with the words of the command line. */
  readonly moreHelp?: (words: readonly string[]) => Promise<string>;
  run(shell: Shell, args: readonly string[], options: Options): Promise<void>;
};

/** Verbs of one word group: `admin report`. */
export type VerbGroup = {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
};

/** Options are typed where a verb is written and plain data where verbs are listed. */
export const verb = <Options>(spec: Verb<Options>): Verb => spec as unknown as Verb;

export const recursive: OptionSpec = {
  flags: '-R, --recursive',
  means: 'also everything below',
};
/** Options that users of other tools add, and that are the default here. */
export const unneeded = (flags: string): OptionSpec => ({
  flags,
  means: 'accepted and ignored',
});
export const human: OptionSpec = { flags: '-h, --human', means: 'sizes like 1.5K, 20M, 3.2G' };
export const force: OptionSpec = { flags: '-f, --force', means: 'replace what is there' };
