/**
 * Backups of a master under load. Each is restored into an empty directory, started, and verified
 * clean. One taken in a quiet moment has the digest of its master.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OrchardClient } from '../../src/client/index.js';
import { commandLine, ProofMaster } from '../proof/proof-master.js';
import { count, type SoakLedger } from './ledger.js';
import { isOver, type Phase, type PhaseRun } from './phase.js';

const FILES = 400;

export const backupPhase: Phase = {
  name: 'backup',
  share: 0.02,
  run: async (run) => {
    const master = await ProofMaster.create();
    try {
      await master.start();
      const client = await master.connect();
      for (let round = 0; round === 0 || !isOver(run); round++) {
        await oneRound(run, client, round);
      }
      await client.close();
    } finally {
      await master.remove();
    }
  },
};

async function oneRound({ ledger }: PhaseRun, client: OrchardClient, round: number): Promise<void> {
  const isQuiet = round % 2 === 1;
  const load = { goesOn: true };
  const loading = change(client, round, load);
  if (isQuiet) await loading;
  const digest = isQuiet ? await client.digest() : undefined;
  const { file } = await client.backup(`backup-${round}`);
  load.goesOn = false;
  await loading;
  count(ledger, 'backups restored', 1);
  const found = await restored(file);
  if (!found.isClean) violate(ledger, `a restored backup does not verify: ${found.findings}`);
  if (digest !== undefined && found.digest !== digest.digest) {
    violate(ledger, `the digest ${digest.digest} of entry ${digest.seq} became ${found.digest}`);
  }
}

async function change(
  client: OrchardClient,
  round: number,
  load: { readonly goesOn: boolean },
): Promise<void> {
  const directory = `/round-${round}`;
  await client.createDirectory(directory);
  for (let i = 0; i < FILES && load.goesOn; i++) {
    await client.createFile(`${directory}/f${i}`, { xattrs: { number: String(i) } });
    if (i % 3 === 0) await client.delete(`${directory}/f${i}`);
    if (i % 3 === 1) await client.rename(`${directory}/f${i}`, `${directory}/moved-${i}`);
  }
}

async function restored(
  file: string,
): Promise<{ isClean: boolean; findings: string; digest: string }> {
  const master = await ProofMaster.create();
  const scratch = await mkdtemp(path.join(tmpdir(), 'orchard-restore-'));
  try {
    const given = [commandLine, 'admin', 'restore', file, '--data', master.dataDirectory];
    const child = spawn(process.execPath, given, { cwd: scratch, stdio: 'ignore' });
    const [status] = (await once(child, 'exit')) as [number];
    if (status !== 0) throw new Error(`orchard admin restore ended with ${status}`);
    await master.start();
    const client = await master.connect();
    const { isClean, findings } = await client.verify();
    const { digest } = await client.digest();
    await client.close();
    return { isClean, findings: JSON.stringify(findings.slice(0, 5)), digest };
  } finally {
    await master.remove();
    await rm(scratch, { recursive: true, force: true });
  }
}

const violate = (ledger: SoakLedger, text: string): void => {
  const again = 'npx vitest run test/cli -t backup';
  ledger.violations.push({ phase: 'backup', text, again });
};
