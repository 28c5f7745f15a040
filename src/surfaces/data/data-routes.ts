/**
 * The data port: GET, HEAD, PUT and DELETE of /v1/data/<path>, each component of the path
 * percent-encoded or raw UTF-8.
 *
 * Every failure has a JSON body: code, reason, path, hint.
 */
import type { FileService } from '../../api/file-service.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import type { HttpRoute } from '../../net/http-server.js';
import { answerRead } from './data-read.js';
import { callOf, DATA_PREFIX, dataPath, flagOf } from './data-request.js';
import { answerWrite } from './data-write.js';

export function dataRoutes(files: FileService): readonly HttpRoute[] {
  const read = (exchange: HttpExchange) => answerRead(files, exchange);
  return [
    {
      path: DATA_PREFIX,
      methods: {
        GET: read,
        HEAD: read,
        PUT: (exchange) => answerWrite(files, exchange),
        DELETE: (exchange) => answerRemove(files, exchange),
      },
      calls: { GET: 'dataGet', HEAD: 'dataHead', PUT: 'dataPut', DELETE: 'dataDelete' },
    },
  ];
}

/** Query: recursive, skipTrash (true or false). */
async function answerRemove(files: FileService, exchange: HttpExchange): Promise<void> {
  const { parameters } = exchange;
  const options = {
    recursive: flagOf(parameters, 'recursive'),
    skipTrash: flagOf(parameters, 'skipTrash'),
  };
  await files.remove(callOf(exchange), dataPath(exchange.path), options);
  exchange.replyHead(204, {});
}
