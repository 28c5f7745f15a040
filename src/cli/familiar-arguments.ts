/**
 * What hands that know Alluxio, HDFS and a shell type, as this command line wants it: `orchard fs
 * ls`, `orchard dfs -rm -r -skipTrash /x`, `rm -rf`, `chmod -w`, `find / -name x`. Pure.
 */

/** Their verb -> ours, with the options it implies. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  copyFromLocal: ['put'],
  copyToLocal: ['get'],
  dus: ['du', '-s'],
  loadMetadata: ['load'],
  lsr: ['ls', '-R'],
  masterInfo: ['admin', 'report'],
  rmr: ['rm', '-R'],
  setttl: ['setTtl'],
  touchz: ['touch'],
  unsetTtl: ['setTtl', '--none'],
  usage: ['help'],
  version: ['--version'],
};

/** What `alluxio fsadmin report` is followed by -> our verb. */
const reports: Readonly<Record<string, readonly string[]>> = {
  jobservice: ['admin', 'jobs'],
  summary: ['admin', 'report'],
  ufs: ['mounts'],
};

/** Long options that others write after one dash. */
const dashedOptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  find: {
    ...Object.fromEntries(
      'empty group iname maxdepth mindepth mtime name newer print print0 size type'
        .split(' ')
        .map((word) => [`-${word}`, `--${word}`]),
    ),
    // --user says who asks.
    '-user': '--owner',
  },
  getmerge: { '-nl': '--newline', '-skip-empty-file': '--skip-empty' },
  ls: { '-1': '--paths' },
  rm: { '-skipTrash': '--skip-trash' },
};

/** Where -r means what -R does here. */
const deepVerbs = new Set(['chgrp', 'chown', 'cp', 'get', 'load', 'put', 'rm', 'setTtl']);

const optionsWithValue = /^--(host|port|http-port|user|groups|timeout)$/;

export function translateArguments(argv: readonly string[]): string[] {
  const verbAt = argv.findIndex((word, index) => isVerbPlace(argv, index, word));
  if (verbAt === -1) return [...argv];
  return [...argv.slice(0, verbAt), ...translateVerb(argv.slice(verbAt))];
}

/** The first word that is neither a global option nor the value of one. */
function isVerbPlace(argv: readonly string[], index: number, word: string): boolean {
  return !word.startsWith('-') && !optionsWithValue.test(argv[index - 1] ?? '');
}

function translateVerb(words: readonly string[]): string[] {
  const [first = '', ...rest] = words;
  if (first === 'fsadmin') return translateAdmin(rest);
  if (first === 'fs' || first === 'dfs') {
    const [verb = '', ...args] = rest;
    return verb === '' ? [] : translateVerb([verb.replace(/^-(?=[a-zA-Z]{2})/, ''), ...args]);
  }
  const names = Object.hasOwn(otherNames, first) ? otherNames[first]! : [first];
  if (names[0] === 'help') return [...translateVerb(rest.slice(0, 2)), '--help'].filter(isWord);
  return [...names, ...translateArgs(names[0]!, rest)];
}

const isWord = (word: string): boolean => word !== '';

function translateAdmin([verb = '', section = '', ...args]: readonly string[]): string[] {
  const report = verb === 'report' && Object.hasOwn(reports, section);
  if (report) return [...reports[section]!, ...args];
  return ['admin', verb, section, ...args].filter(isWord);
}

function translateArgs(verb: string, args: readonly string[]): string[] {
  const dashed = dashedOptions[verb] ?? {};
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  const words = options.map((word) => {
    if (Object.hasOwn(dashed, word)) return dashed[word]!;
    return deepVerbs.has(verb) && /^-[a-zA-Z]+$/.test(word) ? word.replaceAll('r', 'R') : word;
  });
  if (end !== -1) return [...words, ...args.slice(end)];
  if (verb === 'chmod') return modeApart(words);
  return verb === 'stat' ? formatNamed(words) : words;
}

/** `chmod -w /x`: a mode that looks like an option stands behind `--`. */
function modeApart(words: readonly string[]): string[] {
  const at = words.findIndex((word) => /^-[rwxXstugo]+(?:[-+=,].*)?$/.test(word));
  if (at === -1) return [...words];
  const others = words.filter((_word, index) => index !== at);
  const options = others.filter((word) => word.startsWith('-'));
  return [...options, '--', words[at]!, ...others.filter((word) => !word.startsWith('-'))];
}

/** `dfs -stat %y /x`: the format has no option there. */
function formatNamed(words: readonly string[]): string[] {
  const [first = '', ...paths] = words;
  return first.includes('%') && !first.startsWith('/') ? ['--format', first, ...paths] : [...words];
}
