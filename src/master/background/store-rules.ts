/** What mounts may reach on the machine of this master, by its settings. */
import { homedir } from 'node:os';
import type { StoreRules } from '../../stores/registry.js';
import type { Config } from '../settings/config.js';

/** Where the uploads of this master are noted while they are under way. */
export const uploadNotes = ({ dataDir }: Config): string => `${dataDir}/uploads`;

/** What the operator gave as the root store is among what may be mounted, where roots are named. */
export function storeRules(config: Config): StoreRules {
  const { dataDir, backupDir, localRoots, mountEnvironment, rootUfs } = config;
  const root = /^file:\/\/(?<path>\/.*)$/.exec(rootUfs)?.groups?.['path'];
  return {
    local: {
      own: [dataDir, `${dataDir}/journal`, `${dataDir}/meta`, backupDir],
      fileData: `${dataDir}/ufs`,
      roots: localRoots,
      rootStore: root,
      home: homedir(),
    },
    environmentNames: mountEnvironment,
  };
}
