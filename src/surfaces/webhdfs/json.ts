/** What the namespace tells, in WebHDFS's JSON (Apache Hadoop's "WebHDFS REST API"). Pure. */
import type { BlockLocation, TreeSummary } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';

/** HDFS knows no file without a copy. */
const REPLICATION_MIN = 1;

export type HdfsFileStatus = Readonly<Record<string, string | number | boolean>>;

/** `pathSuffix`: the name in a listing, '' where the path itself was asked for. */
export function fileStatus(status: FileStatus, pathSuffix: string): HdfsFileStatus {
  const isFile = status.type === 'file';
  return {
    accessTime: status.mtimeMs,
    blockSize: isFile ? status.blockSize : 0,
    childrenNum: isFile ? 0 : status.length,
    fileId: status.id,
    group: status.group,
    length: isFile ? status.length : 0,
    modificationTime: status.mtimeMs,
    owner: status.owner,
    pathSuffix,
    permission: status.mode.toString(8),
    replication: replicationOf(status),
    storagePolicy: 0,
    type: isFile ? 'FILE' : 'DIRECTORY',
  };
}

const replicationOf = ({ type, replicationMin }: FileStatus): number =>
  type === 'file' ? Math.max(replicationMin, REPLICATION_MIN) : 0;

/** The list of LISTSTATUS: a file's own entry has no suffix. */
export function statusList(entries: readonly FileStatus[], isFile: boolean): object {
  return { FileStatus: entries.map((entry) => fileStatus(entry, isFile ? '' : entry.name)) };
}

export function contentSummary({ files, directories, bytes }: TreeSummary): object {
  return {
    directoryCount: directories,
    ecPolicy: '',
    fileCount: files,
    length: bytes,
    quota: -1,
    spaceConsumed: bytes,
    spaceQuota: -1,
    snapshotDirectoryCount: 0,
    snapshotFileCount: 0,
    snapshotLength: 0,
    snapshotSpaceConsumed: 0,
    typeQuota: {},
  };
}

export function quotaUsage({ files, directories, bytes }: TreeSummary): object {
  return {
    fileAndDirectoryCount: files + directories,
    quota: -1,
    spaceConsumed: bytes,
    spaceQuota: -1,
    typeQuota: {},
  };
}

/** `self`: host and port of this door, which reads for whoever is no worker. */
export function blockLocations(locations: readonly BlockLocation[], self: string): object {
  return {
    BlockLocation: locations.map(({ offset, length, workers }) => {
      const names = workers.length > 0 ? workers : [self];
      const hosts = names.map((name) => name.replace(/:\d+$/, ''));
      return {
        cachedHosts: [],
        corrupt: false,
        hosts,
        length,
        names,
        offset,
        storageTypes: names.map(() => 'DISK'),
        topologyPaths: names.map((name) => `/default-rack/${name}`),
      };
    }),
  };
}

/** Numbers of org.apache.hadoop.util.DataChecksum.Type. */
const CRC32C = 2;

export const serverDefaults = (blockSize: number): object => ({
  blockSize,
  bytesPerChecksum: 512,
  checksumType: CRC32C,
  defaultStoragePolicyId: 0,
  encryptDataTransfer: false,
  fileBufferSize: 4096,
  keyProviderUri: '',
  replication: REPLICATION_MIN,
  trashInterval: 0,
  writePacketSize: 65_536,
});

/** The one that there is: what is stored is on the disks of its store. */
export const HOT_POLICY = {
  copyOnCreateFile: false,
  creationFallbacks: [],
  id: 7,
  name: 'HOT',
  replicationFallbacks: ['ARCHIVE'],
  storageTypes: ['DISK'],
};
