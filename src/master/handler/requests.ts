/** Maps each kind of request to its handler. */

import type { ReplyPort } from '../../net/rpc-handler.js';
import type { ReplyEncoder } from '../../wire/encode.js';
import type { RequestBody } from '../../wire/generated/index.js';
import type { RequestCursor } from '../../wire/request-cursor.js';
import type { Call } from '../executor/call.js';
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import type { AdminLane } from './admin-lane.js';
import type { ShardServices } from './services.js';

/** One request as it arrived; `request` is valid only until the maker returns. */
export type Incoming = {
  readonly request: RequestCursor;
  readonly caller: Caller;
  readonly reply: ReplyPort;
  readonly encoder: ReplyEncoder;
  readonly executor: Executor;
  readonly services: ShardServices;
  readonly lane: AdminLane;
  readonly onBug: (error: unknown) => void;
};

/** The calls to submit; undefined: answered, or answered by others. Throws StatusError. */
export type Maker = (incoming: Incoming) => Call | readonly Call[] | undefined;

export type Makers = { readonly [Body in RequestBody]?: Maker };
