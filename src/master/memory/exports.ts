/**
 * What the WebAssembly kernels export: the contract between assembly/ and TypeScript. Every
 * pointer is a byte offset into the one shared memory; every u64 crosses as a number below 2^53
 * (f64 on the other side), so that no call allocates a BigInt. Kernels never allocate, never
 * wait except for the few instructions of a seqlock, and never call back.
 */

/** Outcomes of `cleanPath` that are not a depth. */
export const PathFault = {
  NOT_ABSOLUTE: -1,
  TOO_LONG: -2,
  TOO_DEEP: -3,
  NAME_TOO_LONG: -4,
  NOT_UTF8: -5,
  NUL_BYTE: -6,
} as const;

/** Outcomes of `walk`; all but RACED leave WALK.NEXT at the node they are about. */
export const WalkStatus = {
  /** Every node is resolved; RECORD holds the last one, PARENT_RECORD the one before it. */
  FOUND: 0,
  /** Node NEXT may be in tier 2: read it there, fill(), then walk() goes on from NEXT. */
  MISS: 1,
  /** Tier 1 or the key filter knows that node NEXT does not exist. */
  ABSENT: 2,
  /** Node NEXT - 1 is a file, so node NEXT cannot be. */
  NOT_DIRECTORY: 3,
  /** Structural changes raced WALK_RETRIES_MAX times: take READ locks, or try again later. */
  RACED: 4,
} as const;
export type WalkStatus = (typeof WalkStatus)[keyof typeof WalkStatus];

/** Outcomes of `lookup`. */
export const LookupStatus = { MISS: 0, FOUND: 1, ABSENT: 2 } as const;

/** Outcomes of `fill`. */
export const FillStatus = {
  /** The set changed since the miss, so the record read from tier 2 may be stale. Look again. */
  RACED: 0,
  FILLED: 1,
  /** Every way is dirty: the record is used from private memory, and not cached. */
  NO_ROOM: 2,
} as const;
export type FillStatus = (typeof FillStatus)[keyof typeof FillStatus];

/** Outcomes of `serveWrite`. After a MISS_*: fill tier 1, then goOnWriting(). */
export const WriteStatus = {
  /** An unusual case: the operation in src/ops does it, or refuses it. */
  SLOW_PATH: 0,
  /** The entry is in the ring, at WRITE.POSITION. */
  PUBLISHED: 1,
  /** Node NEXT of WALK_A or of WALK_B is not in tier 1 … */
  MISS_A: 2,
  MISS_B: 3,
  /** … or the last name of WALK_A in its directory's trash, looked up by WALK_B. */
  MISS_TRASH: 4,
} as const;
export type WriteStatus = (typeof WriteStatus)[keyof typeof WriteStatus];

/** Outcomes of `apply`: why it stopped, with APPLY.AT at the change to go on from. */
export const ApplyStatus = {
  DONE: 0,
  /** A PARENT change's directory is not in tier 1: fill it (APPLY.MISS_*), then go on. */
  MISS: 1,
  /** Every way of the set is dirty: have a flush done, then go on. */
  NO_ROOM: 2,
  /** A SIDE change is at APPLY.AT: JS handles it, moves APPLY.AT past it, then goes on. */
  SIDE: 3,
} as const;
export type ApplyStatus = (typeof ApplyStatus)[keyof typeof ApplyStatus];

export type KernelExports = {
  // ── control ────────────────────────────────────────────────────────────────────────────────
  /** Reads the bases from the control region; must be the first call. Returns LAYOUT_HASH. */
  init(executor: number): number;
  /** Atomic u64 words as numbers. `max64` stores the larger one; `add64` returns the old value. */
  load64(pointer: number): number;
  store64(pointer: number, value: number): void;
  add64(pointer: number, value: number): number;
  max64(pointer: number, value: number): void;

  // ── pure ───────────────────────────────────────────────────────────────────────────────────
  /** 64-bit hash of (parent id, name), stored at `out` as u64. */
  hashKey(parentId: number, name: number, nameBytes: number, out: number): void;
  /**
   * Validates, cleans ('.', '..', '//' and a trailing '/') and splits a path into `walk`: PATH,
   * PATH_BYTES, COMPONENTS, DEPTH; NEXT and RETRIES become 0. Returns the depth or a PathFault.
   * '..' above the root stays at the root, as POSIX has it. Reads at most `bytes` from `path`.
   */
  cleanPath(path: number, bytes: number, walk: number): number;
  /** 1 if the bytes are well-formed UTF-8 (no overlong forms, no surrogates), else 0. */
  isUtf8(pointer: number, bytes: number): number;
  /** CRC32C (Castagnoli) of the bytes, continuing from `seed` (0 to begin). */
  crc32c(pointer: number, bytes: number, seed: number): number;
  /** Writes seq and salt into the entry at `entry` and then its CRC (bytes 4 .. length). */
  sealEntry(entry: number, seq: number, salt: number): void;
  /** POSIX check of r=4 w=2 x=1 `bits` against one mode: owner, then group, then other; 1 or 0. */
  permits(mode: number, owner: number, group: number, caller: number, bits: number): number;
  /**
   * Index of the first directory among nodes 0 .. last that the caller may not EXECUTE, or -1.
   * Only resolved nodes are looked at (those below WALK.NEXT).
   */
  deniedAt(walk: number, last: number, caller: number): number;
  /**
   * Tier-2 forms. Key: order-preserving id ([n][n bytes big-endian, minimal]) then the name.
   * Value: a version byte, a presence bitmap, then varints; fields at their defaults are left out;
   * last the CRC32C of key and value. Each returns the bytes written; decodeRecord returns 0 if
   * the bytes are no such record, or damaged.
   */
  encodeId(id: number, out: number): number;
  encodeKey(parentId: number, name: number, nameBytes: number, out: number): number;
  encodeValue(key: number, keyBytes: number, record: number, out: number): number;
  decodeRecord(
    key: number,
    keyBytes: number,
    value: number,
    valueBytes: number,
    out: number,
  ): number;

  // ── tier 1 ─────────────────────────────────────────────────────────────────────────────────
  /**
   * Lock-free look-up of one name. FOUND copies the record to `out`; MISS leaves set, set seq,
   * hash and parent at `miss` in the order of WALK.MISS_SET … MISS_PARENT (24 bytes + padding:
   * `miss` points at a WALK block).
   */
  lookup(parentId: number, name: number, nameBytes: number, out: number, walk: number): number;
  /** Resolves from node NEXT on. See WalkStatus. Takes no lock and writes nothing shared. */
  walk(walk: number): WalkStatus;
  /** 1 if no structural change happened since the walk began, so that it saw one state. */
  walkStands(walk: number): number;
  /** Starts the walk again from the root, with the same path. */
  walkReset(walk: number): void;
  /** Makes the record that tells fill() that a name does not exist. */
  absentRecord(parentId: number, name: number, nameBytes: number, out: number): void;
  /**
   * Caches `record` (clean) in the set that missed, if the set's seq is still `setSeq`. A record
   * with id 0 says that the name does not exist. Evicts by CLOCK, never a dirty slot.
   */
  fill(set: number, setSeq: number, record: number): FillStatus;
  /**
   * Hands the walk the record of node NEXT from private memory (after FillStatus.NO_ROOM or
   * instead of a second look-up): stores the node, advances NEXT. Record id 0 is refused (0).
   */
  walkTake(walk: number, record: number): number;

  // ── writer ─────────────────────────────────────────────────────────────────────────────────
  /**
   * Applies one sealed entry to tier 1 in the open dirty epoch; goes on from APPLY.AT (0 begins).
   * Also notes (client id, call id) in the retry window, the seqs of the directories (DIRTY_ROW),
   * ids and side keys that it changes, and raises ID_NEXT above every id it sees.
   * An op with bit 0x8000 is structural: STRUCTURE_SEQ is odd from its first change to its last.
   */
  apply(entry: number, at: number): ApplyStatus;
  /**
   * Reads ahead what apply() will need for some entries from `from` on, of those up to `end`;
   * returns where those end.
   */
  touchAhead(from: number, end: number): number;
  /**
   * 1: STRUCTURE_SEQ becomes odd and apply() leaves it alone, until 0 is given. For many structural
   * entries in a row: readers that began anew after each of them would rarely get through.
   */
  holdStructure(hold: number): void;
  /** 1 if the call was already applied; its row (RETRY_BYTES) is copied to `out`. */
  retryFind(clientId: number, callId: number, out: number): number;
  /** Notes a call that an earlier process applied: before any replay, in order. */
  retryRestore(
    clientId: number,
    callId: number,
    seq: number,
    inodeId: number,
    timeMs: number,
  ): void;
  /** Seq of the last change in directory (or of id) `id`. It is hashed, so it may be too high. */
  dirtySeq(id: number): number;
  /**
   * Dirty slots below a directory, as rows for tier 2 (BLOB), sorted, those with names from `from`
   * on (`isAfter` = 1: behind it). Returns how many; their addresses (u32) stand at
   * EXECUTOR.CHANGES. -1: there are too many. Right only if TIER2_VERSION has not moved since the
   * snapshot of tier 2 was renewed that they are merged with.
   */
  collectChanges(directoryId: number, from: number, fromBytes: number, isAfter: number): number;

  // ── flusher ────────────────────────────────────────────────────────────────────────────────
  /** Adds a key in tier-2 form to the filter; copyDirty() adds the keys that it copies. */
  filterAddKey(key: number, keyBytes: number): void;
  /** Adds the keys of a leaf page of tier 2's file; returns their number, -1: not such a page. */
  filterAddLeaf(page: number): number;
  /** Empties the filter. From now on it calls no name absent … */
  filterClear(): void;
  /** … until it holds every key of tier 2. */
  filterComplete(): void;
  /**
   * Copies dirty slots from[0 .. count) of the epoch's list, as many as the flush arena holds,
   * sorted by key. Each index row is 8 u32: slot, seq low, seq high, key offset, key bytes,
   * value bytes (0 = delete), id low, id high; the value follows its key. The rows begin at the
   * arena's base, the bytes behind the rows. Returns the number of slots taken.
   */
  copyDirty(epoch: number, from: number, count: number): number;
  /**
   * The rows of the last copyDirty that hold an inode, by rising id: at the address returned stands
   * how many (u32), then their numbers (u32 each).
   */
  orderByIds(count: number): number;
  /** After the commit: marks clean each of `count` rows whose slot has not changed since. */
  markClean(count: number): void;
  /** Empties the dirty list of a flushed epoch. */
  dropEpoch(epoch: number): void;

  // ── whole calls ────────────────────────────────────────────────────────────────────────────
  /**
   * Number of the call whose request stands at EXECUTOR.REQUEST; its union number goes to
   * WRITE.BODY_TYPE. -1 if the frame is not sound so far. The kernels below check what they read.
   */
  openCall(requestBytes: number): number;
  /**
   * GetStatus from frame to frame, also with attributes: parses the request at EXECUTOR.REQUEST,
   * walks, checks permissions, writes the reply frame at EXECUTOR.REPLY. Returns its bytes,
   * negative if it says that the path does not exist, or 0 when anything is out of the ordinary
   * (a miss, another error, a race, another message): JS then takes the call.
   */
  serveGetStatus(requestBytes: number): number;
  /**
   * CreateFile, CreateDirectory, Delete or Rename of the fast path, from the request at
   * EXECUTOR.REQUEST to its entry in the ring, all locks held; by the caller at EXECUTOR.CALLER and
   * by what EXECUTOR.WRITE says. Only PUBLISHED leaves anything behind.
   */
  serveWrite(requestBytes: number, nowMs: number): WriteStatus;
  /** Goes on with that request where it missed. The walks must not have been used meanwhile. */
  goOnWriting(nowMs: number): WriteStatus;
  /**
   * The entry published at `position` is applied: gives its locks back, frees its ring space and
   * writes the reply frame at EXECUTOR.REPLY. Returns its bytes. In the order of publication.
   */
  finishWrite(position: number): number;
  /**
   * Encodes one FileInfo reply frame (GetStatus, CreateFile …) for `record` at `out`.
   * `body` is the union number of the reply body. seq 0: the record's own. A record whose seq is
   * still 0 (it stands in an entry of the ring) is given out with `seq`. Returns the bytes.
   */
  encodeInfoReply(callId: number, body: number, record: number, out: number, seq: number): number;
  /**
   * BatchGetStatus from frame to frame, as serveGetStatus; the reply begins at pageFrame().
   * 0 when any of the paths needs the slow path: resolve all of them, then batchBegin …
   * batchFinish.
   */
  serveBatchGetStatus(requestBytes: number): number;

  // ── replies with many FileInfos, built in EXECUTOR.REPLY; begin to finish without a pause ──────
  /** Address of the frame that the last finish made (not EXECUTOR.REPLY), and its rows. */
  pageFrame(): number;
  pageCount(): number;
  listBegin(): void;
  /**
   * Adds a FileInfo, with `path` unless pathBytes is 0. 1, or 0 when the page is full (by
   * FRAME_BYTES_MAX or LIST_PAGE_ENTRIES_MAX): the record then begins the next page.
   */
  listAdd(record: number, path: number, pathBytes: number): number;
  /** The same from key and value of tier 2, through EXECUTOR.RECORD; -1 if they are no record. */
  listAddPair(key: number, keyBytes: number, value: number, valueBytes: number): number;
  /** Ends a ListPage frame. more, truncated: 0 or 1. The cursor is at most 8,000 bytes, or 0. */
  listFinish(
    callId: number,
    seq: number,
    more: number,
    truncated: number,
    fileCount: number,
    cursor: number,
    cursorBytes: number,
  ): number;
  batchBegin(): void;
  /** Adds the Result of one path. 1, or 0 when the frame is full. */
  batchAdd(record: number): number;
  batchAddError(
    code: number,
    reason: number,
    reasonBytes: number,
    path: number,
    pathBytes: number,
  ): number;
  /** Ends a BatchReply frame. */
  batchFinish(callId: number, seq: number): number;
};
