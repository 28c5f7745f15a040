/** How far a copy of many files is: counted by files and bytes, told through a progress report. */
import type { ProgressReport } from './progress.js';

export const FILES_AT_A_TIME = 4;

export class Transfer {
  readonly #report: ProgressReport;
  readonly #filesTotal: number;
  files = 0;
  bytes = 0;
  failed = 0;

  constructor(report: ProgressReport, filesTotal: number) {
    this.#report = report;
    this.#filesTotal = filesTotal;
  }

  /** The same chunks, counted as they pass. */
  async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.bytes += chunk.length;
      this.#tell();
      yield chunk;
    }
  }

  fileDone(isGood: boolean): void {
    this.files += 1;
    if (!isGood) this.failed += 1;
    this.#tell();
  }

  #tell(): void {
    const { files: done, bytes, failed } = this;
    this.#report.update({ done, total: this.#filesTotal, bytes, failed });
  }
}
