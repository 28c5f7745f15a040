/**
 * The journal can no longer promise anything: a write or a sync failed, so the content of the disk
 * is unknown. Fail-stop: the appender answers every later call with the same failure, the writer
 * thread dies, the process restarts and recovers. Nothing catches it before the process ends.
 */
export class JournalFailure extends Error {
  override readonly name = 'JournalFailure';
  /** Its place: a segment, a directory. */
  readonly file: string;

  constructor(file: string, what: string, cause?: unknown) {
    super(`${file}: ${what}`, cause === undefined ? {} : { cause });
    this.file = file;
  }
}
