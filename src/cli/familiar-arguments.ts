/**
 * What hands that know Alluxio and HDFS type, as this command line wants it: `orchard fs ls`,
 * `orchard dfs -ls -R /`, `copyFromLocal`, `find / -name x`. Pure.
 */

/** Their verb -> ours, with the options it implies. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  copyFromLocal: ['put'],
  copyToLocal: ['get'],
  lsr: ['ls', '-R'],
  rmr: ['rm', '-R'],
  touchz: ['touch'],
  loadMetadata: ['load'],
  unsetTtl: ['setTtl', '--none'],
  setttl: ['setTtl'],
};

/** Options of find are words after one dash. */
const findWords = /^-(name|iname|type|size|mtime|print)$/;

export function translateArguments(argv: readonly string[]): string[] {
  const verbAt = argv.findIndex((word, index) => isVerbPlace(argv, index, word));
  if (verbAt === -1) return [...argv];
  const before = argv.slice(0, verbAt);
  let rest = argv.slice(verbAt);
  if (rest[0] === 'fs' || rest[0] === 'dfs' || rest[0] === 'fsadmin') {
    const isAdmin = rest[0] === 'fsadmin';
    rest = rest.slice(1);
    if (isAdmin) rest = ['admin', ...rest];
    else if (rest[0] !== undefined)
      rest = [rest[0].replace(/^-(?=[a-zA-Z]{2})/, ''), ...rest.slice(1)];
  }
  const [verb = '', ...args] = rest;
  const words = Object.hasOwn(otherNames, verb) ? otherNames[verb]! : [verb];
  const translated = words[0] === 'find' ? args.map((arg) => arg.replace(findWords, '-$&')) : args;
  return [...before, ...words, ...translated].filter((word, at) => at > 0 || word !== '');
}

const optionsWithValue = /^--(host|port|http-port|user|groups|timeout)$/;

/** The first word that is neither a global option nor the value of one. */
function isVerbPlace(argv: readonly string[], index: number, word: string): boolean {
  return !word.startsWith('-') && !optionsWithValue.test(argv[index - 1] ?? '');
}
