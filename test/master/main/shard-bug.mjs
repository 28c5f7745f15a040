/**
 * Preloaded into a real master (`node --import`), in each of its threads: whoever asks for the path
 * of an inode, completes or undeletes a file meets a bug, of the kind that ORCHARD_TEST_BUG names.
 *
 *   handler   thrown in a shard, within the callback of the socket
 *   execute   thrown under the locks of a call, before its entry
 *   answer    thrown when the entry is durable, while the answer is made
 *   trap      as of a kernel, which may have left a seqlock odd
 *   trap-create the same, in a create that no kernel does
 *   turn      thrown in a shard, in a turn of its event loop, where nobody catches
 *   main      thrown in main, at SIGUSR2
 *   release   a call gives its locks back before its entry, and then once more
 *   leak      a call never gives its locks back
 *   ring      the writer's position in the ring stands behind what is written
 *   stale     a call goes by what the one before it has left in the scratch memory
 */
import { isMainThread } from 'node:worker_threads';
import { SharedStateError } from '../../../dist/src/base/assert.js';
import { ShardHandler } from '../../../dist/src/master/handler/shard-handler.js';
import { EXECUTOR } from '../../../dist/src/master/memory/layout.js';
import { CompleteFile } from '../../../dist/src/master/ops/verbs/complete-file.js';
import { Create } from '../../../dist/src/master/ops/verbs/create.js';
import { Undelete } from '../../../dist/src/master/ops/verbs/undelete.js';
import { RequestBody } from '../../../dist/src/wire/generated/index.js';

const kind = process.env['ORCHARD_TEST_BUG'];

function bug() {
  const text = `an injected bug: ${kind}`;
  throw kind.startsWith('trap') ? new WebAssembly.RuntimeError(text) : new TypeError(text);
}

if (isMainThread && kind === 'main') process.on('SIGUSR2', bug);
if (kind === 'execute') CompleteFile.prototype.execute = bug;
if (kind === 'answer') CompleteFile.prototype.complete = bug;
if (kind === 'release') {
  CompleteFile.prototype.execute = function (executor) {
    executor.locks.release(this.locks);
    return false;
  };
}
if (kind === 'leak') CompleteFile.prototype.giveLocksBack = CompleteFile.prototype.dropPlan;
if (kind === 'ring') {
  CompleteFile.prototype.complete = function ({ shared, base }) {
    shared.i32[(base + EXECUTOR.RING_TAIL) >> 2] += 8;
    this.sink.empty(0);
  };
}
if (kind === 'stale') {
  CompleteFile.prototype.attempt = function (executor) {
    const { depth } = executor.walkA;
    if (depth > 9) throw new SharedStateError(`a stale walk of depth ${depth}`);
    this.sink.info(executor, executor.base + EXECUTOR.RECORD, 0);
    return true;
  };
}
if (kind === 'trap') Undelete.prototype.plan = bug;
if (kind === 'trap-create') Create.prototype.plan = bug;

const { handle } = ShardHandler.prototype;
ShardHandler.prototype.handle = function (session, request, reply) {
  if (request.bodyType === RequestBody.GetFilePath) {
    if (kind === 'handler') bug();
    if (kind === 'turn') setImmediate(bug);
  }
  return handle.call(this, session, request, reply);
};
