/**
 * Which files a system has, so that a rename and a delete always find theirs: n<first> … as they
 * were created, of which the foremost have become r<first> … by a rename.
 *
 *   deleted │ renamed: r │ created: n │ not yet
 *         rFirst       nFirst        nEnd
 */
import { FILES_MAX, type PathKind } from '../load/path-pattern.js';
import { RENAMED_KIND, type Verb } from './wire/dialect.js';

export type FileRange = { readonly kind: PathKind; readonly first: number; readonly end: number };

const CREATED_KIND: PathKind = 'n';

export class FileLedger {
  #rFirst = 0;
  #nFirst = 0;
  #nEnd = 0;

  /** What the verb may take. */
  range(verb: Verb): FileRange {
    if (verb === 'create') return { kind: CREATED_KIND, first: this.#nEnd, end: FILES_MAX };
    if (verb === 'delete' && this.#rFirst < this.#nFirst) {
      return { kind: RENAMED_KIND, first: this.#rFirst, end: this.#nFirst };
    }
    return { kind: CREATED_KIND, first: this.#nFirst, end: this.#nEnd };
  }

  /** It took them up to, and without, `next`. */
  done(verb: Verb, { kind }: FileRange, next: number): void {
    if (verb === 'create') this.#nEnd = next;
    else if (verb === 'rename') this.#nFirst = next;
    else if (verb === 'delete') {
      this.#rFirst = next;
      if (kind === CREATED_KIND) this.#nFirst = next;
    }
  }
}
