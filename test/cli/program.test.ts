/** Shared by all verbs: options, environment, help, failures, exit status, interrupts. */
import { describe, expect, it } from 'vitest';
import { Code, StatusError } from '../../src/base/status.js';
import { verbGroups, verbs } from '../../src/cli/commands/index.js';
import { failureLine, failureOf } from '../../src/cli/failure.js';
import { OrchardError } from '../../src/client/index.js';
import { optionTexts } from '../../src/stores/options.js';
import { openUfs } from '../../src/stores/registry.js';
import { FakeClient } from './fake-client.js';
import { run } from './run.js';

const nobody = async (): Promise<never> => {
  throw new OrchardError('UNAVAILABLE', 'No connection to ws://127.0.0.1:19998/rpc: refused');
};

describe('the address of the master', () => {
  it('is this machine by default, with the user of the process', async () => {
    const { connected } = await run(new FakeClient(), 'ls');
    expect(connected).toMatchObject({
      user: 'alice',
      groups: ['staff'],
      clientName: 'orchard-cli/1.2.3',
    });
    expect(connected).not.toHaveProperty('host');
    expect(connected).not.toHaveProperty('port');
  });

  it('comes from the environment, and from options before that', async () => {
    const env = {
      ORCHARD_HOST: '10.0.0.7',
      ORCHARD_RPC_PORT: '1998',
      ORCHARD_HTTP_PORT: '1999',
      ORCHARD_USER: 'bob',
      ORCHARD_GROUPS: 'ops,dev',
    };
    const { connected } = await run(new FakeClient(), 'ls', { env });
    expect(connected).toMatchObject({ host: '10.0.0.7', port: 1998, httpPort: 1999, user: 'bob' });
    expect(connected?.groups).toEqual(['ops', 'dev']);
    const line = '--host there --user carol ls --port 7 --http-port 8 --timeout 2s /';
    expect((await run(new FakeClient(), line, { env })).connected).toMatchObject({
      host: 'there',
      port: 7,
      httpPort: 8,
      user: 'carol',
      deadlineMs: 2000,
    });
  });

  it('is the loopback where a master listens everywhere', async () => {
    const env = { ORCHARD_HOST: '0.0.0.0', ORCHARD_RPC_PORT: '0' };
    const { connected } = await run(new FakeClient(), 'ls', { env });
    expect(connected).toMatchObject({ host: '127.0.0.1' });
    expect(connected).not.toHaveProperty('port');
  });

  it.each(['ls --port x', 'ls --port 70000', 'ls --timeout soon'])('%s is wrong', async (line) => {
    expect(await run(new FakeClient(), line)).toMatchObject({ status: 2, connected: undefined });
  });
});

describe('the exit status', () => {
  it('is 2 for a wrong command line, without asking a master', async () => {
    for (const line of [
      'lss /',
      'ls --nonsense',
      'mkdir',
      'ls data',
      'admin nothing',
      'rm data/x',
    ]) {
      const { status, err, connected } = await run(new FakeClient(), line);
      expect(status, line).toBe(2);
      expect(err, line).toMatch(/^orchard: /);
      expect(connected, line).toBeUndefined();
    }
  });

  it('is 1 when the master is not there, with what to do', async () => {
    const { status, err, out } = await run(new FakeClient(), 'ls /', { connect: nobody });
    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err).toBe(
      'orchard: ls: UNAVAILABLE: No connection to ws://127.0.0.1:19998/rpc: refused. ' +
        'Try: start one with `orchard master start`, or name another with --host and --port\n',
    );
  });

  it('is 130 after an interrupt, and what was printed stays', async () => {
    const interrupt = new AbortController();
    const client = new FakeClient().file('/a', 'x').file('/b', 'y');
    const getStatus = client.getStatus.bind(client);
    client.getStatus = async (path) => {
      interrupt.abort(new Error('interrupted'));
      return getStatus(path);
    };
    const { status, out, err } = await run(client, 'stat -f %n /a /b', {
      signal: interrupt.signal,
    });
    expect(out).toBe('a\n');
    expect(err).toContain('interrupted');
    expect(status).toBe(130);
    expect(client.isClosed).toBe(true);
  });
});

describe('failures', () => {
  it('say what, where, why and the next step', () => {
    const line = (thrown: unknown) => failureLine('verb', failureOf(thrown));
    expect(
      line(new OrchardError('NOT_FOUND', 'Path "/a/b" does not exist.', { path: '/a/b' })),
    ).toBe('orchard: verb: NOT_FOUND: /a/b: Path "/a/b" does not exist. Try: orchard ls /a');
    expect(line(new OrchardError('PERMISSION_DENIED', 'no', { path: '/a' }))).toBe(
      'orchard: verb: PERMISSION_DENIED: /a: no. ' +
        'Try: orchard stat /a (owner and mode), or another user with --user',
    );
    expect(line(new OrchardError('ABORTED', 'moved', { path: '/a', hint: 'Look again.' }))).toBe(
      'orchard: verb: ABORTED: /a: moved. Try: Look again',
    );
    expect(line(new StatusError(Code.DATA_LOSS, 'torn'))).toBe('orchard: verb: DATA_LOSS: torn');
    const missing = Object.assign(new Error('ENOENT: no such file, open x'), { code: 'ENOENT' });
    expect(line(missing)).toBe('orchard: verb: NOT_FOUND: ENOENT: no such file, open x');
    expect(line(new Error('two\nlines'))).toBe('orchard: verb: INTERNAL: two\\x0alines');
  });
});

describe('help', () => {
  it('explains every verb with examples', async () => {
    const all = [
      ...verbs.map((verb) => [verb.name, verb] as const),
      ...verbGroups.flatMap((group) =>
        group.verbs.map((v) => [`${group.name} ${v.name}`, v] as const),
      ),
    ];
    for (const [words, { summary, examples }] of all) {
      const { status, out } = await run(new FakeClient(), `${words} --help`);
      expect(status, words).toBe(0);
      expect(out, words).toContain(summary);
      for (const [example] of examples) expect(out, words).toContain(`$ ${example}`);
      for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
    }
  });

  it('gives an overview, and the version', async () => {
    const { status, out } = await run(new FakeClient(), '--help');
    expect(status).toBe(0);
    for (const { name } of verbs) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect((await run(new FakeClient(), '--version')).out).toBe('1.2.3\n');
  });

  it('suggests what was meant', async () => {
    const { err } = await run(new FakeClient(), 'mkdri /x');
    expect(err).toBe(
      "orchard: USAGE: Unknown command 'mkdri'. Try: did you mean mkdir? See orchard --help\n",
    );
    expect((await run(new FakeClient(), 'chown bob')).err).toBe(
      "orchard: chown: USAGE: Missing required argument 'path'. Try: orchard chown --help\n",
    );
  });
});

describe('admin', () => {
  it('shows reports as fields and tables, or as JSON', async () => {
    const client = new FakeClient();
    client.reports['report'] = {
      clusterId: 'c-1',
      uptimeMs: 5,
      journal: {
        lastSeq: 9,
        segments: [
          { name: 's1', bytes: 10 },
          { name: 's22', bytes: 2000 },
        ],
      },
      waiting: [],
    };
    expect((await run(client, 'admin report')).out).toMatchInlineSnapshot(`
      "cluster id:  c-1
      uptime:      5ms
      waiting:     none
      journal:
        last seq:  9
        segments:
          NAME  BYTES
          s1       10
          s22    2.0K
      "
    `);
    const { out } = await run(client, 'admin report --json');
    expect(JSON.parse(out)).toEqual(client.reports['report']);
    client.reports['locks'] = [];
    expect(await run(client, 'admin locks')).toMatchObject({ status: 0 });
  });

  it('shows the settings of a master, and those of this environment', async () => {
    const client = new FakeClient();
    client.reports['config'] = [
      { name: 'ORCHARD_HOST', value: '0.0.0.0', source: 'environment', unit: '', meaning: '' },
    ];
    expect((await run(client, 'admin config')).out).toBe(
      'NAME          VALUE    SOURCE\nORCHARD_HOST  0.0.0.0  environment\n',
    );
    const env = { ORCHARD_UMASK: '027' };
    const local = await run(client, 'admin config --local', { env });
    expect(local.out).toMatch(/^ORCHARD_UMASK +027 +environment$/m);
    expect(local.out).toMatch(/^ORCHARD_DATA_DIR +\/nowhere\/data +default$/m);
    const wrong = await run(client, 'admin config --local', { env: { ORCHARD_UMASK: 'x' } });
    expect(wrong.status).toBe(1);
    expect(wrong.err).toContain('ORCHARD_UMASK');
  });
});

describe('master start', () => {
  it('hands over to the master, and tells why it did not start', async () => {
    let starts = 0;
    const startMaster = async () => {
      starts += 1;
    };
    expect((await run(new FakeClient(), 'master start', { startMaster })).status).toBe(0);
    expect(starts).toBe(1);
    const refusing = async () => {
      throw new StatusError(Code.FAILED_PRECONDITION, 'another master runs here', {
        path: '/data',
        hint: 'stop it',
      });
    };
    const { status, err } = await run(new FakeClient(), 'master start', { startMaster: refusing });
    expect(status).toBe(1);
    expect(err).toBe(
      'orchard: master start: FAILED_PRECONDITION: /data: another master runs here. Try: stop it\n',
    );
  });
});

describe('the help of mount', () => {
  it('22, A12: lists the options of a store, as the store itself knows them', async () => {
    const { out } = await run(new FakeClient(), 'mount --help s3');
    const s3 = optionTexts('s3')!;
    expect(s3.length).toBeGreaterThan(8);
    for (const { name, means } of s3) {
      expect(means, name).not.toBe('');
      expect(out).toContain(`--option ${name}`);
    }
    expect(out).toContain('region of the bucket (us-east-1)');
    expect(out).not.toContain('file:// stores');
    const both = await run(new FakeClient(), 'mount --help');
    expect(both.out).toContain('Options of file:// stores');
    expect((await run(new FakeClient(), 'ls --help')).out).not.toContain('Options of');
  });

  it('22: its examples are taken by the store that they name', async () => {
    for (const name of ['mount', 'updateMount']) {
      for (const [line] of verbs.find((verb) => verb.name === name)!.examples) {
        const client = new FakeClient();
        expect((await run(client, line.replace(/^orchard /, ''))).status, line).toBe(0);
        const call = client.asked.find(([method]) => method === name)!;
        const uri = name === 'mount' ? String(call[2]) : 's3://logs';
        const { options = {} } = call.at(-1) as { options?: Record<string, string> };
        await (await openUfs(uri, options)).close();
      }
    }
  });
});
