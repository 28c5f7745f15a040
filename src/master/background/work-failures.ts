/** The failures of work over many paths: how many, and the first of them, for the report. */
import { Code, type CodeName, type StatusError } from '../../base/status.js';

export type FailedPart = { readonly error: StatusError; readonly path: string };

const FIRST_MAX = 10;

export class WorkFailures {
  #denied: StatusError | undefined;
  readonly #first: FailedPart[] = [];
  readonly byCode: Partial<Record<CodeName, number>> = {};
  count = 0;

  /** `path`: the place of the failure, if the error does not know it. */
  note(error: StatusError, path: string): void {
    this.count++;
    this.byCode[error.codeName] = (this.byCode[error.codeName] ?? 0) + 1;
    if (error.code === Code.PERMISSION_DENIED) this.#denied ??= error;
    if (this.#first.length < FIRST_MAX) this.#first.push({ error, path });
  }

  /** The error of the whole: a denial if there is one, whatever else failed before it. */
  get error(): StatusError | undefined {
    return this.#denied ?? this.#first[0]?.error;
  }

  get first(): readonly FailedPart[] {
    return this.#first;
  }
}
