/**
 * The kernels: every function that src/master/memory/exports.ts promises, gathered from its file.
 */
export { init, load64, store64, add64, max64 } from './control';
export { hashKey } from './hash';
export { cleanPath } from './path';
export { isUtf8 } from './utf8';
export { crc32c, sealEntry } from './crc32c';
export { permits, deniedAt } from './permission';
export { encodeId, encodeKey, encodeValue, decodeRecord } from './codec';
export { serveGetStatus, encodeInfoReply } from './reply';
export { listBegin, listAdd, listAddPair, listFinish } from './list';
export { batchBegin, batchAdd, batchAddError, batchFinish, serveBatchGetStatus } from './batch';
export { pageFrame, pageCount } from './page';
export { lookup, walk, walkStands, walkReset, walkTake, absentRecord, fill } from './tier-walk';
export { apply, holdStructure } from './tier-apply';
export { touchAhead } from './apply-ahead';
export { dirtySeq } from './dirty';
export { collectChanges } from './changes';
export { retryFind, retryRestore } from './retry';
export { filterAddKey, filterAddLeaf, filterClear, filterComplete } from './filter';
export { copyDirty, orderByIds, markClean, dropEpoch } from './tier-flush';
export { openCall, serveWrite, goOnWriting, finishWrite } from './serve-write';
