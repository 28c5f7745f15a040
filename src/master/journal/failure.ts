/**
 * The journal can no longer promise anything: a write or a sync failed, so what the disk holds is
 * unknown. Fail-stop: the appender answers every later call with the same failure, the writer
 * thread dies, the process restarts and recovers. Never caught on the way to the process's end.
 */
export class JournalFailure extends Error {
  override readonly name = 'JournalFailure';
  /** Where it was: a segment, a directory. */
  readonly file: string;

  constructor(file: string, what: string, cause?: unknown) {
    super(`${file}: ${what}`, cause === undefined ? {} : { cause });
    this.file = file;
  }
}
