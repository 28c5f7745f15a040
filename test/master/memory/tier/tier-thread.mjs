/**
 * A thread of tier-threads.test.ts, over the built dist/. Roles:
 *   write   puts and removes keys, flushes them to a table of committed seqs, renames
 *   read    looks up the same keys, fills what it misses from that table, checks what it sees
 *   walk    walks paths across the renames, checks that each walk saw one state
 *
 * board (Int32Array): 0 ready readers, 1 stop, then per key: applied seq, committed seq.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readU64 } from '../../../../dist/src/base/word64.js';
import { EntryWriter, sealEntry } from '../../../../dist/src/master/journal/entry.js';
import {
  ApplyStatus,
  LookupStatus,
  WalkStatus,
} from '../../../../dist/src/master/memory/exports.js';
import { instantiate } from '../../../../dist/src/master/memory/kernel.js';
import * as L from '../../../../dist/src/master/memory/layout.js';
import { writeRecord } from '../../../../dist/src/master/memory/record-fields.js';
import { SharedMemory } from '../../../../dist/src/master/memory/shared-memory.js';

const { memory, board, executor, role, entries, keyCount, readers } = workerData;
const shared = new SharedMemory(memory);
const kernel = instantiate(memory, executor);
const { u8, view } = shared;
const base = shared.executorBase(executor);
const names = Array.from({ length: keyCount }, (_, i) =>
  new TextEncoder().encode(i % 4 === 0 ? `${'long'.repeat(20)}${i}` : `k${i}`),
);
const keyOfName = new Map(names.map((name, key) => [String.fromCharCode(...name), key]));
const PARENT = 7;
const applied = (key) => 2 + key * 2;
const committed = (key) => 3 + key * 2;

/** Every field follows from seq, so that a mixture of two records shows. */
function recordAt(seq, fields) {
  return {
    seq,
    parentId: PARENT,
    id: 1024,
    length: seq * 3,
    mtimeMs: seq * 5,
    ctimeMs: seq * 7,
    ttlMs: seq,
    blockSize: seq * 2,
    mode: seq & 0xfff,
    type: 2,
    flags: seq & 0xff,
    owner: seq,
    group: seq + 1,
    mountId: seq + 2,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: seq * 11,
    ...fields,
  };
}

function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

function checkRecord(at) {
  const seq = readU64(view, at);
  check(readU64(view, at + 24) === seq * 3, `a torn record: seq ${seq}, length`);
  check(readU64(view, at + 32) === seq * 5, `a torn record: seq ${seq}, mtime`);
  check(readU64(view, at + 56) === seq * 2, `a torn record: seq ${seq}, block size`);
  check(view.getUint32(at + 72, true) === seq, `a torn record: seq ${seq}, owner`);
  check(readU64(view, at + 88) === seq * 11, `a torn record: seq ${seq}, fingerprint`);
  return seq;
}

function write() {
  const writer = new EntryWriter(u8);
  const entry = base + L.EXECUTOR.REQUEST;
  const at = base + L.EXECUTOR.APPLY + L.APPLY.AT;
  let seq = 0;
  let flushes = 0;
  const flush = () => {
    flushes++;
    const epoch = shared.add(L.CONTROL.EPOCH, 1);
    const count = shared.load(L.CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
    const arena = shared.fixed(L.CONTROL.FLUSH_ARENA_BASE);
    for (let from = 0; from < count; ) {
      const taken = kernel.copyDirty(epoch, from, count - from);
      for (let row = arena; row < arena + taken * 32; row += 32) {
        const slot = view.getUint32(row, true) + L.SLOT.RECORD;
        const nameBytes = u8.slice(slot + 96, slot + 96 + u8[slot + 67]);
        const key = keyOfName.get(String.fromCharCode(...nameBytes));
        const gone = view.getUint32(row + 20, true) === 0;
        if (key !== undefined)
          Atomics.store(board, committed(key), gone ? 0 : readU64(view, row + 4));
      }
      kernel.markClean(taken);
      from += taken;
    }
    kernel.dropEpoch(epoch);
  };
  const apply = (op, build) => {
    seq++;
    writer.begin(entry, 1, 0, 0, op);
    build();
    writer.finish();
    sealEntry(u8, entry, seq, 0);
    for (let from = 0; ; from = view.getUint32(at, true)) {
      const status = kernel.apply(entry, from);
      if (status === ApplyStatus.DONE) return;
      check(status === ApplyStatus.NO_ROOM, `apply says ${status}`);
      flush();
    }
  };
  const text = (of) => new TextEncoder().encode(of);
  const put = (fields) => writer.putFields(recordAt(seq, fields));
  // Nothing has been flushed yet: the filter, if there is one, holds every key.
  kernel.filterComplete();
  if (role.tree) apply(1, () => put({ parentId: 0, id: 1, name: text('') }));
  while (Atomics.load(board, 0) < readers) Atomics.wait(board, 0, Atomics.load(board, 0), 50);
  for (let i = 0; i < entries; i++) {
    if (role.tree) {
      const [from, to] = i % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
      apply(0x8001, () => {
        writer.remove(1, 1024, text(from), 0);
        put({ parentId: 1, id: 1024, name: text(to) });
        put({ parentId: 1024, id: 1025, name: text('d') });
        put({ parentId: 1025, id: 1026, name: text('f') });
      });
    } else {
      const key = (i * 7919) % keyCount;
      // Odd keys also come and go; an even key's seq only ever grows.
      if (key % 2 === 1 && i % 3 === 0) apply(1, () => writer.remove(PARENT, 1024, names[key], 0));
      else {
        apply(1, () => put({ name: names[key] }));
        Atomics.store(board, applied(key), seq);
      }
    }
  }
  Atomics.store(board, 1, 1);
  return { entries, flushes };
}

function read() {
  const out = base + L.EXECUTOR.REPLY;
  const scratch = base + L.EXECUTOR.RECORD;
  const name = out + 1024;
  const walk = base + L.EXECUTOR.WALK_A;
  const counts = { found: 0, filled: 0, raced: 0, noRoom: 0 };
  for (let i = executor; Atomics.load(board, 1) === 0; i++) {
    const key = (i * 104_729) % keyCount;
    u8.set(names[key], name);
    const floor = key % 2 === 0 ? Atomics.load(board, applied(key)) : 0;
    const status = kernel.lookup(PARENT, name, names[key].length, out, walk);
    if (status === LookupStatus.FOUND) {
      const seq = checkRecord(out);
      check(readU64(view, out + 8) === PARENT, 'another parent');
      check(seq >= floor, `key ${key} went back from ${floor} to ${seq}`);
      counts.found++;
    } else if (status === LookupStatus.ABSENT)
      check(floor === 0, `key ${key} of ${floor} is absent`);
    else {
      const seq = Atomics.load(board, committed(key));
      const id = seq === 0 ? 0 : 1024;
      writeRecord(view, scratch, recordAt(seq, { id, name: names[key] }));
      const set = view.getUint32(walk + L.WALK.MISS_SET, true);
      const filled = kernel.fill(set, view.getUint32(walk + L.WALK.MISS_SET_SEQ, true), scratch);
      counts[['raced', 'filled', 'noRoom'][filled]]++;
    }
  }
  return counts;
}

function walks() {
  const [a, b] = [base + L.EXECUTOR.WALK_A, base + L.EXECUTOR.WALK_B];
  const clean = (path, walk) => {
    const bytes = new TextEncoder().encode(path);
    u8.set(bytes, base + L.EXECUTOR.REQUEST);
    kernel.cleanPath(base + L.EXECUTOR.REQUEST, bytes.length, walk);
  };
  clean('/a/d/f', a);
  clean('/b/d/f', b);
  const counts = { found: 0, pairs: 0, retries: 0, raced: 0 };
  const one = (walk) => {
    kernel.walkReset(walk);
    const status = kernel.walk(walk);
    counts.retries += view.getUint32(walk + L.WALK.RETRIES, true);
    if (status === WalkStatus.RACED) counts.raced++;
    if (status !== WalkStatus.FOUND) return status;
    counts.found++;
    const seqs = [1, 2, 3].map((i) =>
      readU64(view, walk + L.WALK.NODES + i * L.NODE_BYTES + L.NODE.SEQ),
    );
    check(seqs[0] === seqs[1] && seqs[1] === seqs[2], `one walk saw the states ${seqs}`);
    check(checkRecord(walk + L.WALK.RECORD) === seqs[2], 'RECORD is the last node');
    check(checkRecord(walk + L.WALK.PARENT_RECORD) === seqs[1], 'PARENT_RECORD is the one before');
    return status;
  };
  while (Atomics.load(board, 1) === 0) {
    const [statusA, statusB] = [one(a), one(b)];
    const structure = view.getUint32(a + L.WALK.STRUCTURE_SEQ, true);
    if (statusA > 3 || statusB > 3 || statusA === 1 || statusB === 1 || structure === 0) continue;
    if (structure !== view.getUint32(b + L.WALK.STRUCTURE_SEQ, true)) continue;
    check((statusA === 0) !== (statusB === 0), `the directory is in ${statusA} ${statusB} places`);
    counts.pairs++;
  }
  return counts;
}

if (role.name === 'write') parentPort.postMessage(write());
else {
  Atomics.add(board, 0, 1);
  Atomics.notify(board, 0);
  parentPort.postMessage(role.name === 'read' ? read() : walks());
}
