/**
 * What hands that know Alluxio, HDFS and a shell type, as this command line wants it: `orchard fs
 * ls`, `orchard dfs -rm -r -skipTrash /x`, `rm -rf`, `chmod -w`, `find / -name x`. Pure.
 */

type Words = Readonly<Record<string, readonly string[]>>;

/** Their verb -> ours, with the options it implies. */
const otherNames: Words = {
  copyFromLocal: ['put'],
  copyToLocal: ['get'],
  dus: ['du', '-s'],
  getConf: ['admin', 'config'],
  leader: ['admin', 'report'],
  loadMetadata: ['load'],
  lsr: ['ls', '-R'],
  masterInfo: ['admin', 'report'],
  moveFromLocal: ['put', '--move'],
  readJournal: ['admin', 'journal', 'dump'],
  rmr: ['rm', '-R'],
  setttl: ['setTtl'],
  touchz: ['touch'],
  unsetTtl: ['setTtl', '--none'],
  usage: ['help'],
  version: ['--version'],
};

/** What `alluxio fsadmin` and `hdfs dfsadmin` are followed by -> our verb. */
const adminNames: Words = {
  'journal quorum': ['admin', 'journal'],
  'report capacity': ['df'],
  'report jobservice': ['admin', 'jobs'],
  'report metrics': ['admin', 'metrics'],
  'report summary': ['admin', 'report'],
  'report ufs': ['mounts'],
  '-report': ['admin', 'report'],
  statelock: ['admin', 'locks'],
};

/** What `alluxio job` is followed by -> options of `admin jobs`. */
const jobNames: Words = { cancel: ['--cancel'], ls: [], stat: [] };

type Renamed = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Long options that other tools write with one dash or another name; '' = the default here. */
const otherOptions: Renamed = {
  admin: { '--master': '', '--source': '' },
  cat: { '-ignoreCrc': '' },
  du: { '-x': '' },
  count: { '-x': '' },
  find: {
    ...Object.fromEntries(
      'empty group iname maxdepth mindepth mtime name newer print print0 size type'
        .split(' ')
        .map((word) => [`-${word}`, `--${word}`]),
    ),
    '-a': '',
    '-and': '',
    // --user says who asks.
    '-user': '--owner',
  },
  get: { '-crc': '', '-ignoreCrc': '' },
  getmerge: { '-nl': '--newline', '-skip-empty-file': '--skip-empty' },
  ls: { '-1': '--paths' },
  rm: {
    '-safely': '',
    '-skipTrash': '--skip-trash',
    '-U': '',
    '--alluxioOnly': '--alluxio-only',
    '--deleteMountPoint': '--delete-mounts',
  },
  rmdir: { '-ignore-fail-on-non-empty': '--ignore-fail-on-non-empty' },
};

/** The same for letters that mean something else without `dfs` or `fs`. */
const dfsOptions: Renamed = {
  count: { '-q': '--quota', '-v': '--header', '-u': '--quota-only' },
  du: { '-v': '--header' },
  ls: { '-q': '' },
};

/** Where -r means what -R does here. */
const deepVerbs = new Set(['chgrp', 'chown', 'cp', 'get', 'load', 'put', 'rm', 'setTtl', 'setrep']);

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

function translateVerb(words: readonly string[], isDfs = false): string[] {
  const [first = '', ...rest] = words;
  if (first === 'fsadmin' || first === 'dfsadmin') return translateAdmin(rest);
  if (first === 'fs' || first === 'dfs') {
    const [verb = '', ...args] = rest;
    if (verb === '') return [];
    // In HDFS a copy takes directories without an option.
    const deep = first === 'dfs' && verb === '-cp' ? ['-R'] : [];
    return translateVerb([verb.replace(/^-(?=[a-zA-Z]{2})/, ''), ...deep, ...args], true);
  }
  if (first === 'job' && Object.hasOwn(jobNames, rest[0] ?? '')) {
    return ['admin', 'jobs', ...jobNames[rest[0]!]!, ...rest.slice(1)];
  }
  const names = Object.hasOwn(otherNames, first) ? otherNames[first]! : [first];
  if (names[0] === 'help') return [...translateVerb(rest.slice(0, 2)), '--help'].filter(isWord);
  return [...names, ...translateArgs(names[0]!, rest, isDfs)];
}

const isWord = (word: string): boolean => word !== '';

function translateAdmin([verb = '', section = '', ...args]: readonly string[]): string[] {
  const both = `${verb} ${section}`;
  if (Object.hasOwn(adminNames, both)) return [...adminNames[both]!, ...args];
  if (Object.hasOwn(adminNames, verb))
    return [...adminNames[verb]!, section, ...args].filter(isWord);
  return ['admin', verb, section, ...args].filter(isWord);
}

function translateArgs(verb: string, args: readonly string[], isDfs: boolean): string[] {
  const renamed = { ...otherOptions[verb], ...(isDfs && dfsOptions[verb]) };
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  const words = options.flatMap((word) => {
    if (Object.hasOwn(renamed, word)) return renamed[word] === '' ? [] : [renamed[word]!];
    if (verb === 'cp' && /^-p[topax]+$/.test(word)) return ['-p'];
    const isDeep = deepVerbs.has(verb) && /^-[a-zA-Z]+$/.test(word);
    return [isDeep ? word.replaceAll('r', 'R') : word];
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
