/**
 * Checks the two meta pages of an LMDB file: which commit is the newest, and whether both are as
 * LMDB writes them. Commit N writes page N mod 2. If the number of a commit were damaged, an older
 * commit, whose pages may already be overwritten, would be taken for the newest. Pure.
 */
import * as F from './page-format.js';

export type PageDamage = {
  /** Its bytes begin at page × 4096. */
  readonly page: number;
  readonly what: string;
};

/** Of FREE: its keys are integers [MDB_INTEGERKEY]. */
export const INTEGER_KEYS = 8;

export function newestMeta(page0: Buffer, page1: Buffer | undefined): F.Meta | PageDamage {
  const even = F.metaOf(page0);
  const odd = page1 && F.metaOf(page1);
  if (even === undefined) return { page: 0, what: NO_META };
  if (odd === undefined) return { page: 1, what: NO_META };
  const what = faultOf(even) ?? faultOf(odd);
  if (what !== undefined) return { page: faultOf(even) === undefined ? 1 : 0, what };
  if (!isInTurn(even.txnid, odd.txnid)) {
    return { page: 0, what: `the meta pages are of commits ${even.txnid} and ${odd.txnid}` };
  }
  return odd.txnid > even.txnid ? odd : even;
}

const NO_META = 'it is no meta page of this version of LMDB';

/** 0: never written, in a new file or in a compact copy, whose one commit has any number. */
function isInTurn(even: number, odd: number): boolean {
  if (even === 0 || odd === 0) return true;
  return Math.abs(even - odd) === 1 && even % 2 === 0;
}

function faultOf({ free, main, lastPage, txnid }: F.Meta): string | undefined {
  if (free.pad !== F.PAGE_BYTES || free.flags !== INTEGER_KEYS) {
    return 'the meta page has another page size, or unknown flags';
  }
  if (main.pad !== 0 || main.flags !== 0) return 'the main table has unknown flags';
  if (lastPage === F.NO_PAGE || lastPage < 1 || txnid === F.NO_PAGE) {
    return 'the meta page has impossible numbers';
  }
  return undefined;
}
