/**
 * The findings of verify: each has a code that never changes its meaning, the inode, its place, and
 * what is wrong. The first FINDINGS_MAX are kept; all are counted.
 */

const FINDINGS_MAX = 1000;
/** Characters of all texts together, because a report is one frame. */
const TEXT_CHARS_MAX = 256 * 1024;

export const FINDING_CODES = {
  'page-damaged': 'a page of tier 2 is damaged (offline only)',
  'table-order': 'a key of a table stands before its predecessor: the page is damaged',
  'row-damaged': 'a stored row is not what was written',
  'record-invalid': 'a field of a record has a value that it cannot have',
  'root-missing': 'there is no root directory',
  'edge-twice': 'an inode hangs at two places',
  'parent-missing': 'inodes hang on a directory that does not exist',
  'parent-not-directory': 'inodes hang on a file',
  cycle: 'a directory is below itself',
  'child-count': 'a directory counts other children than it has',
  'id-index-missing': 'the id index does not know an inode',
  'id-index-wrong': 'the id index says that an inode hangs elsewhere',
  'id-index-dangling': 'the id index knows an inode that does not exist',
  'id-beyond-next': 'an inode has an id that is yet to be given out',
  'trash-no-expiry': 'an inode in the trash would stay there for good',
  'reclaim-name': 'what waits for reclaim has another name than its id',
  'mount-id': 'an inode belongs to another mount than its directory',
  'mount-missing': 'a mount point without a mount',
  'mount-point-missing': 'a mount without its mount point',
  'name-unknown': 'an owner or group has no name',
  'name-number': 'user and group names are not numbered one by one',
  'side-missing': 'an inode lacks what its flags tell of',
  'side-orphan': 'a side record of an inode that does not exist',
  'side-unflagged': 'a side record that the inode knows nothing of',
  'side-unreadable': 'a side record that cannot be read',
  'expiry-missing': 'a ttl that nobody will look at',
  'tier1-differs': 'memory and disk disagree about an inode that has not changed since',
  'filter-lacks': 'the filter in memory denies an inode that is on disk: nobody would find it',
} as const;
export type FindingCode = keyof typeof FINDING_CODES;

export type Finding = {
  readonly code: FindingCode;
  /** 0: the finding is not about an inode. */
  readonly id: number;
  /** A path, or the key where there is none. */
  readonly path: string;
  readonly what: string;
};

export class Findings {
  readonly list: Finding[] = [];
  count = 0;
  #textChars = 0;

  /** `path` is called only if the finding is kept. */
  add(code: FindingCode, id: number, path: string | (() => string), what: string): void {
    this.count++;
    if (this.list.length >= FINDINGS_MAX || this.#textChars >= TEXT_CHARS_MAX) return;
    const where = typeof path === 'string' ? path : path();
    this.#textChars += where.length + what.length;
    this.list.push({ code, id, path: where, what });
  }
}
