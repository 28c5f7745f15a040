/** What main answers about mounts: it alone changes them, since it checks their stores. */
import type { Answers } from '../../process/channel.js';
import type { Scheduler } from '../executor/scheduler.js';
import type { Stores } from '../mount/stores.js';
import { submitted } from '../ops/mechanism/promise-calls.js';
import { Mount } from '../ops/verbs/mount.js';
import { Unmount } from '../ops/verbs/unmount.js';
import { UpdateMount } from '../ops/verbs/update-mount.js';
import type { MainQuestions } from './thread-questions.js';

type MountAnswers = Pick<Answers<MainQuestions>, 'mount' | 'unmount' | 'updateMount'>;

const encoder = new TextEncoder();

export function mountAnswers(scheduler: Scheduler, stores: Stores): MountAnswers {
  const seqOf = async (make: Parameters<typeof submitted>[1]): Promise<number> =>
    (await submitted(scheduler, make)).seq;
  return {
    mount: ({ caller, callId, request }) => {
      const options = { ...request, path: encoder.encode(request.path) };
      return seqOf((sink) => new Mount(caller, callId, options, { stores, sink }));
    },
    unmount: ({ caller, callId, request }) => {
      const options = { path: encoder.encode(request.path) };
      return seqOf((sink) => new Unmount(caller, callId, options, sink));
    },
    updateMount: ({ caller, callId, request }) => {
      const options = { ...request, path: encoder.encode(request.path) };
      return seqOf((sink) => new UpdateMount(caller, callId, options, { stores, sink }));
    },
  };
}
