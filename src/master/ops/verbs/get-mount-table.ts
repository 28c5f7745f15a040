/**
 * getMountTable: the mounts whose mount points the caller may see, without secrets. Only the
 * superuser sees how a store is reached (endpoint, region, time-outs).
 * A read.
 */
import { StatusError } from '../../../base/status.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { type ShownMount, shownMount } from '../../mount/mount-rules.js';
import type { Mount } from '../../mount/mount-table.js';
import { checkWay } from '../mechanism/access.js';
import { Read } from '../mechanism/read.js';

export type MountsSink = {
  mounts(mounts: readonly ShownMount[]): void;
  fail(error: StatusError): void;
};

const encoder = new TextEncoder();

export class GetMountTable extends Read<MountsSink> {
  readonly name = 'getMountTable';

  constructor(caller: Caller, sink: MountsSink) {
    super(caller, 0, sink);
  }

  protected read(executor: Executor): void {
    const all = executor.mounts.all();
    if (executor.isSuper(this.caller)) {
      this.sink.mounts(all.map(shownMount));
      return;
    }
    const visible = all.filter((mount) => this.#isVisible(executor, mount));
    this.sink.mounts(visible.map((mount) => ({ ...shownMount(mount), options: {} })));
  }

  #isVisible(executor: Executor, { path }: Mount): boolean {
    executor.resolve(executor.walkA, encoder.encode(path));
    try {
      checkWay(executor, this.caller, executor.walkA);
      return true;
    } catch (error) {
      if (error instanceof StatusError) return false;
      throw error;
    }
  }

  describe(): string {
    return '/';
  }
}
