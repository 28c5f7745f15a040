/**
 * MooseFS: the metadata master of a distributed file system, in C, one thread, all in memory.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DEBIAN_ROOT, fetchDebian, missingProgram, programPath } from './packages.js';
import { freePorts, LOOPBACK, ServerDirectory, ServerProcess } from './server-process.js';
import { type Peer, type StartSetting, type System, step } from './system.js';
import { exchange } from './wire/exchange.js';
import {
  MOOSEFS_ROOT_INODE,
  madeInode,
  makeDirectoryRequest,
  packetBytes,
  registerRequest,
} from './wire/moosefs-dialect.js';
import { type Inodes, WireSystem } from './wire-system.js';

const PROGRAM = 'mfsmaster';
const EMPTY_METADATA = join(DEBIAN_ROOT, 'var/lib/mfs/metadata.mfs.empty');
const SaveMode = { BACKGROUND: 0, SYNC_EACH: 2 } as const;

const writes = [step.createShallow, step.createWide, step.renameWide, step.deleteWide];

export const moosefs: Peer = {
  name: 'moosefs',
  title: 'MooseFS master',
  missing: () => missingProgram(PROGRAM, 'moosefs-master'),
  install: () => fetchDebian(['moosefs-master']),
  version: () =>
    execFileSync(programPath(PROGRAM) ?? PROGRAM, ['-v'], { encoding: 'utf8' }).match(
      /version: ([\d.]+)/,
    )?.[1] ?? 'unknown',
  plans: [
    {
      durability: 'none',
      ours: 'none',
      writes,
      reads: [step.statShallow, step.statWide, step.list],
    },
    { durability: 'each', ours: 'group', writes: [step.createAlone, ...writes], reads: [] },
  ],
  start,
  notes: [
    'A look-up is of one name in a directory known by its inode, with permissions; Orchard walks ' +
      'the full path of depth 4. A client of MooseFS asks once for each component, or its cache.',
    'none: the default, changes are written by another process some time later; each: a sync for ' +
      'every change (CHANGELOG_SAVE_MODE 2). It has no group commit, so that is set against ours.',
    'The listing is of 1,000,000 entries with attributes in one reply.',
  ],
};

async function start(setting: StartSetting): Promise<System> {
  const directory = new ServerDirectory('moosefs');
  const [port = 0, loggerPort, chunkPort] = await freePorts(3);
  const data = join(directory.path, 'data');
  mkdirSync(data);
  copyFileSync(EMPTY_METADATA, join(data, 'metadata.mfs'));
  const file = (name: string): string => join(directory.path, name);
  writeFileSync(file('mfsexports.cfg'), '* / rw,alldirs,maproot=0:0\n');
  writeFileSync(file('mfstopology.cfg'), '');
  const { uid, gid } = userInfo();
  const isSynced = setting.durability === 'each';
  const lines = {
    WORKING_USER: `#${uid}`,
    WORKING_GROUP: `#${gid}`,
    DATA_PATH: data,
    EXPORTS_FILENAME: file('mfsexports.cfg'),
    TOPOLOGY_FILENAME: file('mfstopology.cfg'),
    NICE_LEVEL: 0,
    DISABLE_OOM_KILLER: 0,
    CHANGELOG_SAVE_MODE: isSynced ? SaveMode.SYNC_EACH : SaveMode.BACKGROUND,
    MATOML_LISTEN_HOST: LOOPBACK,
    MATOML_LISTEN_PORT: loggerPort,
    MATOCS_LISTEN_HOST: LOOPBACK,
    MATOCS_LISTEN_PORT: chunkPort,
    MATOCL_LISTEN_HOST: LOOPBACK,
    MATOCL_LISTEN_PORT: port,
  };
  const text = Object.entries(lines).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(file('mfsmaster.cfg'), text.join(''));
  const server = await ServerProcess.start(directory, {
    program: programPath(PROGRAM) ?? PROGRAM,
    args: ['-f', '-c', file('mfsmaster.cfg'), 'start'],
    port,
  });
  const inodes = await makeDirectories(server.target, setting.sizes.directories);
  const { entries } = setting.sizes;
  return new WireSystem({ protocol: 'moosefs', server, setting, entries, inodes });
}

/** All directories below the root: they are named by their inodes, so depth is nothing here. */
async function makeDirectories(
  address: { host: string; port: number },
  leaves: number,
): Promise<Inodes> {
  const names = ['flat', ...Array.from({ length: leaves }, (_, leaf) => `d${leaf}`)];
  const requests = names.map((name, index) =>
    makeDirectoryRequest(index + 1, MOOSEFS_ROOT_INODE, name),
  );
  const replies = await exchange(address, [registerRequest(), ...requests], packetBytes);
  const [flat = 0, ...inodes] = replies.slice(1).map(madeInode);
  return { flat, leaves: inodes };
}
