/** The built command line as a process: exit status, pipes that end early, interrupts. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ListPageT } from '../../src/wire/generated/index.js';
import { end, FakeMaster, fileInfo } from '../client/fake-master.js';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const masters: FakeMaster[] = [];

afterEach(() => {
  for (const master of masters.splice(0)) master.stop();
});

type Ended = { status: number | null; out: string; err: string };

function start(args: readonly string[], env: Record<string, string> = {}) {
  const process_ = spawn(process.execPath, [entry, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  process_.stdout.on('data', (chunk) => {
    out += chunk;
  });
  process_.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    process_.on('close', (status) => resolve({ status, out, err }));
  });
  return { process: process_, ended };
}

/** A listing without an end. */
async function endless(): Promise<Record<string, string>> {
  let page = 0;
  const master = await new FakeMaster((_seen, port) => {
    page += 1;
    const entries = Array.from({ length: 500 }, (_, index) => fileInfo(`/${page}-${index}`));
    end(port, new ListPageT(entries, Uint8Array.of(1), true, 0));
  }).start();
  masters.push(master);
  return { ORCHARD_RPC_PORT: String(master.port), ORCHARD_USER: 'alice' };
}

describe('the process', () => {
  it('tells its version and help, and ends with 2 on a wrong command line', async () => {
    const version = await start(['--version']).ended;
    expect(version).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await start(['nonsense']).ended).toMatchObject({ status: 2, out: '' });
  });

  it('ends with 1 where no master is, and says how to start one', async () => {
    const { status, err } = await start(['--port', '1', 'ls', '/']).ended;
    expect(status).toBe(1);
    expect(err).toContain('orchard master start');
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('stops asking when the reader of its output has seen enough', async () => {
    const { process: child, ended } = start(['ls', '/'], await endless());
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    expect(await ended).toMatchObject({ status: 0, err: '' });
  });

  it('ends with 130 when it is interrupted', async () => {
    const { process: child, ended } = start(['ls', '/'], await endless());
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGINT');
    const { status, err } = await ended;
    expect(status).toBe(130);
    expect(err).toBe('orchard: ls: CANCELLED: interrupted\n');
  });
});
