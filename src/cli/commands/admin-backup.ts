/** admin backup, admin restore: the namespace as one file, and back. */
import { humanBytes, shown } from '../format.js';
import { localConfig } from '../local-config.js';
import { verb } from '../verb.js';
import { placeOf, watched } from './admin-inspect.js';

export const backup = verb<{ force?: boolean }>({
  name: 'backup',
  args: '<file>',
  summary: 'write the namespace to a file of the master, while it serves',
  options: [{ flags: '-f, --force', means: 'replace the backup of this name' }],
  examples: [
    ['orchard admin backup orchard-$(date +%F)', 'exact at one entry of the journal'],
    ['orchard admin backup --json nightly --force', 'for a timer; prints that entry'],
  ],
  familiar:
    'as `alluxio fsadmin backup`; metadata only, without the data in the stores. The file\n' +
    'is a name in ORCHARD_BACKUP_DIR of the master (<data directory>/backups), or a path in it.',
  run: async (shell, [file = ''], { force = false }) => {
    const client = await shell.client();
    const report = await watched(shell, 'backup', 'inodes', (control) =>
      client.backup(file, { ...control, force }),
    );
    const { inodes, bytes, seq, file: place } = report;
    const size = humanBytes(bytes);
    await shell.confirm(
      `Wrote ${inodes} inodes, ${size}, at entry ${seq} to ${shown(place)}`,
      report,
    );
  },
});

export const restore = verb<{ data?: string }>({
  name: 'restore',
  args: '<file>',
  summary: 'fill an empty data directory from a backup, while no master runs on it',
  options: [{ flags: '--data <directory>', means: 'the directory (ORCHARD_DATA_DIR)' }],
  examples: [
    ['orchard admin restore /backups/nightly --data /var/lib/orchard', 'then start a master'],
    ['orchard admin verify --data /var/lib/orchard', 'check it before that'],
  ],
  familiar:
    'the cluster keeps its id and its name; the whole file is checked before the first write.',
  run: async (shell, [file = ''], { data }) => {
    const directory = placeOf(shell, data ?? (await localConfig(shell.io)).config.dataDir);
    const offline = await shell.io.offline();
    const report = await watched(shell, 'restore', 'bytes', (control) =>
      offline.restore(placeOf(shell, file), directory, control),
    );
    const { inodes, seq, clusterName } = report;
    const what = `${inodes} inodes of cluster "${clusterName}", entry ${seq}`;
    await shell.confirm(`Restored ${what}, into ${shown(directory)}`, report);
  },
});
