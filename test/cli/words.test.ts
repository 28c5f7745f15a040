/** The pure parts: modes, wildcards, paths, sizes, foreign spellings, bounded concurrency. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMode } from '../../src/base/mode.js';
import { translateArguments } from '../../src/cli/familiar-arguments.js';
import { humanBytes, permissionsText, spanText } from '../../src/cli/format.js';
import { globToRegExp } from '../../src/cli/glob.js';
import { inOrder } from '../../src/cli/in-order.js';
import { meansDirectory, parsePath, relativeTo } from '../../src/cli/namespace-path.js';
import { stepText } from '../../src/cli/progress.js';
import { FifoQueue } from '../../src/client/fifo-queue.js';

describe('modes', () => {
  it.each([
    ['u+x', 0o644, false, 0o744],
    ['+x', 0o644, false, 0o755],
    ['go-rwx', 0o777, false, 0o700],
    ['a=r', 0o777, false, 0o444],
    ['u=rwx,g=rx,o=', 0, false, 0o750],
    ['g+X', 0o600, false, 0o600],
    ['g+X', 0o600, true, 0o610],
    ['u+s,+t', 0o755, false, 0o5755],
    ['g=s', 0o070, false, 0o2000],
    ['u+r-w', 0o200, false, 0o400],
    ['g=u', 0o740, false, 0o770],
    ['o=g-w', 0o760, false, 0o764],
    ['-w', 0o666, false, 0o444],
  ])('%s makes of %o (directory: %s) %o', (text, mode, isDirectory, expected) => {
    const change = parseMode(text);
    expect(change?.kind).toBe('symbolic');
    if (change?.kind === 'symbolic') expect(change.apply(mode, isDirectory)).toBe(expected);
  });

  it('take octal up to 7777, and refuse the rest', () => {
    expect(parseMode('1777')).toEqual({ kind: 'octal', mode: 0o1777 });
    for (const text of ['888', '17777', 'u+q', 'rwx', '', 'u+x,']) {
      expect(parseMode(text), text).toBeUndefined();
    }
  });
});

describe('wildcards', () => {
  it.each([
    ['*', 'anything', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['{foo,ba[rz]}.csv', 'baz.csv', true],
    ['{foo,bar}', 'foobar', false],
    ['a.b', 'axb', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a,b', 'a,b', true],
    ['*.ü', 'x.ü', true],
    ['[', '[', true],
    ['a+(b)$', 'a+(b)$', true],
    ['??', '🍏🍏', true],
  ])('%s against %s: %s', (pattern, name, matches) => {
    expect(globToRegExp(pattern).test(name)).toBe(matches);
  });

  it('match every name by itself when its own wildcards are escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const escaped = name.replace(/[*?[\]{}\\]/g, '\\$&');
        expect(globToRegExp(escaped).test(name)).toBe(true);
        expect(globToRegExp('*').test(name)).toBe(true);
      }),
    );
  });
});

describe('paths', () => {
  it.each([
    ['/', '/'],
    ['/foo//bar//', '/foo/bar'],
    ['/foo/../bar', '/bar'],
    ['/foo/./bar', '/foo/bar'],
    ['/..', '/'],
    ['orchard://host:1/a/', '/a'],
    ['hdfs://nn', '/'],
    ['/a b', '/a b'],
  ])('%s is %s', (text, path) => {
    expect(parsePath(text)).toBe(path);
  });

  it('must be absolute', () => {
    expect(() => parsePath('a')).toThrow('absolute');
    expect(() => parsePath('')).toThrow('absolute');
  });

  it('mean directories by a slash at the end', () => {
    expect(['/a/', '/a/.', '/a/..', '/'].every(meansDirectory)).toBe(true);
    expect(['/a', '/a/b.', '/a/...'].some(meansDirectory)).toBe(false);
    expect([relativeTo('/a', '/a/b/c'), relativeTo('/', '/x'), relativeTo('/a', '/a')]).toEqual([
      'b/c',
      'x',
      '',
    ]);
  });
});

describe('numbers for people', () => {
  it('sizes', () => {
    const sizes = [0, 1023, 1024, 1536, 10_200, 10_240, 1_048_575, 2 ** 20, 5 * 2 ** 40, 2 ** 53];
    expect(sizes.map(humanBytes).join(' ')).toBe('0 1023 1.0K 1.5K 10K 10K 1.0M 1.0M 5.0T 8.0P');
  });

  it('times', () => {
    expect([5, 1500, 61_000, 3_600_000, 90_061_000, 86_400_000].map(spanText).join(' ')).toBe(
      '5ms 1s 1m1s 1h 1d1h 1d',
    );
  });

  it('permissions', () => {
    expect([0o755, 0o1777, 0o6711, 0o4000].map(permissionsText)).toEqual([
      'rwxr-xr-x',
      'rwxrwxrwt',
      'rws--s--x',
      '--S------',
    ]);
  });

  it('progress', () => {
    expect(stepText({ done: 50, total: 200, bytes: 2048, failed: 1 }, 'files', 10_000)).toBe(
      '50/200 files, 5/s, 2.0K, 1 failed, 30s left',
    );
    expect(stepText({ done: 7, total: 0 }, 'entries', 1000)).toBe('7 entries, 7/s');
  });
});

describe('foreign spellings', () => {
  it.each([
    ['fs ls /', 'ls /'],
    ['dfs -ls -R /', 'ls -R /'],
    ['fs -test -e /x', 'test -e /x'],
    ['fsadmin report', 'admin report'],
    ['fsadmin report summary', 'admin report'],
    ['fsadmin report ufs', 'mounts'],
    ['fsadmin report jobservice', 'admin jobs'],
    ['dfs -rm -r -skipTrash /x', 'rm -R --skip-trash /x'],
    ['rm -rf /x', 'rm -Rf /x'],
    ['cp -r /a /b', 'cp -R /a /b'],
    ['rm -- -r', 'rm -- -r'],
    ['ls -l -a -t -r -S -1 /', 'ls -l -a -t -r -S --paths /'],
    ['dfs -stat %y /x', 'stat --format %y /x'],
    ['stat /x%', 'stat /x%'],
    ['dfs -getmerge -nl /x y', 'getmerge --newline /x y'],
    ['find / -maxdepth 2 -user bob -newer /x', 'find / --maxdepth 2 --owner bob --newer /x'],
    ['chmod -w /x', 'chmod -- -w /x'],
    ['chmod -R -w,o+r /x', 'chmod -R -- -w,o+r /x'],
    ['chmod -x -R /x', 'chmod -R -- -x /x'],
    ['help ls', 'ls --help'],
    ['help', '--help'],
    ['help fs copyToLocal', 'get --help'],
    ['help admin report', 'admin report --help'],
    ['version', '--version'],
    ['--port 5 fs copyFromLocal a /b', '--port 5 put a /b'],
    ['--json rmr /x', '--json rm -R /x'],
    ['find / -name *.x -type f', 'find / --name *.x --type f'],
    ['unsetTtl /x', 'setTtl --none /x'],
    ['ls -name', 'ls -name'],
    ['--help', '--help'],
    ['fs', ''],
  ])('%s is %s', (typed, ours) => {
    expect(translateArguments(typed.split(' ')).join(' ')).toBe(ours);
  });
});

describe('inOrder', () => {
  it('A20: keeps to its width, tells in their order, ends with a bug', async () => {
    let running = 0;
    let most = 0;
    const told: number[] = [];
    const work = async (item: number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, item % 2 === 0 ? 1 : 4));
      running -= 1;
      return item;
    };
    await inOrder([1, 2, 3, 4, 5, 6], 3, work, async (item) => void told.push(item));
    expect(told).toEqual([1, 2, 3, 4, 5, 6]);
    expect(most).toBe(3);
    const bug = async (item: number) => {
      if (item === 2) throw new Error('two');
    };
    await expect(inOrder([1, 2, 3], 1, bug, async () => undefined)).rejects.toThrow('two');
  });
});

describe('the queue of the client', () => {
  it('is an array with shift and push, whatever is done to it', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), value: fc.nat() }),
      fc.record({ kind: fc.constant('shift' as const) }),
      fc.record({
        kind: fc.constant('unshift' as const),
        values: fc.array(fc.nat(), { maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('drop' as const), rest: fc.nat(2) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const queue = new FifoQueue<number>();
        let model: number[] = [];
        for (const step of operations) {
          if (step.kind === 'push') {
            queue.push(step.value);
            model.push(step.value);
          } else if (step.kind === 'shift') expect(queue.shift()).toBe(model.shift());
          else if (step.kind === 'unshift') {
            queue.unshift(step.values);
            model = [...step.values, ...model];
          } else {
            queue.removeIf((value) => value % 3 === step.rest);
            model = model.filter((value) => value % 3 !== step.rest);
          }
          expect(queue.size).toBe(model.length);
          expect([...queue]).toEqual(model);
        }
      }),
    );
  });
});
