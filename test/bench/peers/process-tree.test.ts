/** The CPU of a server with its children counts on when one of them has ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { cpuSecondsOfTree } from '../../../bench/peers/process-tree.js';

const BUSY_MS = 300;
const busy = `const until = Date.now() + ${BUSY_MS}; while (Date.now() < until);`;

it('does not fall when a child has ended', async () => {
  const server = spawn(
    process.execPath,
    [
      '-e',
      `const { spawnSync } = require('node:child_process');
       console.log('ready');
       process.stdin.once('data', () => {
         spawnSync(process.execPath, ['-e', ${JSON.stringify(busy)}]);
         console.log('ended');
       });`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    await once(server.stdout, 'data');
    const before = cpuSecondsOfTree(server.pid!);
    server.stdin.write('go\n');
    await once(server.stdout, 'data');
    // The machine may be busy; but what the child has used does not go.
    expect(cpuSecondsOfTree(server.pid!) - before).toBeGreaterThan(BUSY_MS / 1000 / 4);
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
});
