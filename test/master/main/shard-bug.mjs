/**
 * Preloaded into a real master (`node --import`), in each of its threads: whoever asks for the path
 * of an inode meets a bug, of the kind that ORCHARD_TEST_BUG names.
 *
 *   handler   thrown in a shard, within the callback of the socket
 *   turn      thrown in a shard, in a turn of its event loop, where nobody catches
 *   main      thrown in main, at SIGUSR2
 */
import { isMainThread } from 'node:worker_threads';
import { ShardHandler } from '../../../dist/src/master/handler/shard-handler.js';
import { RequestBody } from '../../../dist/src/wire/generated/index.js';

const kind = process.env['ORCHARD_TEST_BUG'];

function bug() {
  throw new TypeError(`an injected bug: ${kind}`);
}

if (isMainThread && kind === 'main') process.on('SIGUSR2', bug);

const { handle } = ShardHandler.prototype;
ShardHandler.prototype.handle = function (session, request, reply) {
  if (request.bodyType === RequestBody.GetFilePath) {
    if (kind === 'handler') bug();
    if (kind === 'turn') setImmediate(bug);
  }
  return handle.call(this, session, request, reply);
};
