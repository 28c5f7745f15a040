/** A copy of many files: several at a time, counted by files and bytes, told while it goes on. */
import { humanBytes, shown } from './format.js';
import { inOrder } from './in-order.js';
import type { ProgressReport } from './progress.js';
import type { Shell } from './shell.js';

/** Small files wait for journals and disks, not for this machine. */
const FILES_AT_A_TIME = 16;

export class Transfer {
  readonly #shell: Shell;
  readonly #report: ProgressReport;
  readonly #filesTotal: number;
  #files = 0;
  #bytes = 0;
  #failed = 0;

  constructor(shell: Shell, label: string, filesTotal: number) {
    this.#shell = shell;
    this.#report = shell.progress(label, 'files');
    this.#filesTotal = filesTotal;
  }

  /** One that fails does not stop the others; failures are told in the order of the files. */
  async each<T>(files: Iterable<T> | AsyncIterable<T>, copy: (file: T) => Promise<void>) {
    const one = async (file: T): Promise<{ readonly thrown: unknown } | undefined> => {
      try {
        this.#shell.signal.throwIfAborted();
        await copy(file);
        this.#files += 1;
        return undefined;
      } catch (thrown) {
        if (this.#shell.isFatal(thrown)) throw thrown;
        this.#failed += 1;
        return { thrown };
      } finally {
        this.#tell();
      }
    };
    try {
      await inOrder(files, FILES_AT_A_TIME, one, async (failure) => {
        if (failure !== undefined) await this.#shell.fail(failure.thrown);
      });
    } finally {
      this.#report.stop();
    }
  }

  /** The same chunks, counted as they pass. */
  async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      this.#tell();
      yield chunk;
    }
  }

  /** `what`: the copy's two ends, as --json has them. */
  async confirm(from: string, to: string, what: Readonly<Record<string, string>>): Promise<void> {
    const [files, bytes, failed] = [this.#files, this.#bytes, this.#failed];
    const count = files === 1 ? '1 file' : `${files} files`;
    const text = `Copied ${shown(from)} to ${shown(to)}: ${count}, ${humanBytes(bytes)}`;
    await this.#shell.confirm(failed > 0 ? `${text}, ${failed} failed` : text, {
      ...what,
      files,
      bytes,
      failed,
    });
  }

  #tell(): void {
    const done = this.#files + this.#failed;
    const [bytes, failed] = [this.#bytes, this.#failed];
    this.#report.update({ done, total: this.#filesTotal, bytes, failed });
  }
}
