/**
 * Ends the multipart uploads that lives before were killed in (stores/upload-notes.ts), through the
 * mounts that they were made for. A note whose mount is gone, or whose store is down, waits for a
 * later pass.
 */
import { StatusError } from '../../base/status.js';
import { forgetUpload, type LeftUpload, leftUploads } from '../../stores/upload-notes.js';
import { type LoadContext, refuseEnding } from './directory-load.js';

/** Of one pass. */
const ENDED_MAX = 256;

export class LeftUploads {
  readonly #context: LoadContext;
  readonly #directory: string;

  constructor(context: LoadContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
  }

  /** One pass; how many were ended. */
  async run(): Promise<number> {
    let done = 0;
    for (const upload of leftUploads(this.#directory, ENDED_MAX)) {
      refuseEnding(this.#context);
      if (await this.#end(upload)) done++;
    }
    return done;
  }

  async #end({ uri, path, uploadId, file }: LeftUpload): Promise<boolean> {
    const { scheduler, stores } = this.#context;
    const all = scheduler.executor.mounts.all();
    const mount = all.find((one) => one.uri === uri && !one.readOnly);
    if (mount === undefined) return false;
    try {
      const store = await stores.open(mount);
      await store.endUpload?.(path, uploadId, new AbortController().signal);
    } catch (error) {
      if (error instanceof StatusError) return false;
      throw error;
    }
    forgetUpload(file);
    return true;
  }
}
