/**
 * The journal, as its users see it: a sequence of sealed entries with dense seqs. A prefix of it is
 * durable. An implementation (local/) decides where it lies and in what pieces. Only the place that
 * opens the journal knows which implementation it is.
 *
 *   writer      recover() ─▶ reserve() append() sync() …        one at a time, anywhere
 *   flusher     trimmer() ─▶ trim() after each flush
 *   follower    tail()    ─▶ follow() up to what is durable by now; while others append and trim
 *   at rest     readFrom(), parts()                             nobody else has it open
 *
 * Every call blocks its thread until it is done: the writer has nothing else to do, and a batch
 * costs no promise. An implementation behind a network keeps a thread of its own and waits for it.
 *
 * Fail-stop: an appender that can no longer promise anything throws a JournalFailure, the same one
 * for every later call. A StatusError means that nothing happened, and that it may be tried again.
 */

/** Called for each entry: it stands at bytes[offset, offset + length) until the call returns. */
export type EntryHandler = (bytes: Uint8Array, offset: number, length: number, seq: number) => void;

/** CRC32C of bytes[offset, offset + length): crc32c.ts, or a kernel where `bytes` is its memory. */
export type Crc = (bytes: Uint8Array, offset: number, length: number) => number;

export interface Journal {
  /**
   * Hands over the wanted entries, and is then ready to append after them. Entries are durable
   * before they are handed over. A journal that has lost a durable entry is refused: DATA_LOSS.
   */
  recover(replay: Replay): JournalAppender;
  trimmer(): JournalTrimmer;
  /** Follows from this seq on; opens nothing before it is asked to. */
  tail(fromSeq: number): JournalTail;
  /**
   * Hands over entries with seqs >= `fromSeq`; returns the seq after the last, at least `fromSeq`.
   */
  readFrom(fromSeq: number, onEntry: EntryHandler): number;
  /**
   * Its parts, oldest first, with their faults. It reports a fault and goes on where recovery would
   * refuse. It may be called while the journal is in use. `onEntry`, for dumps, is called before
   * the part of the entry is reported.
   */
  parts(onEntry?: EntryHandler): AsyncIterable<JournalPart>;
}

export type Replay = {
  /** The first seq that the flushed state does not have. */
  readonly fromSeq: number;
  readonly onEntry: EntryHandler;
  /** Where entries are handed over from; shared memory, so that kernels read them in place. */
  readonly buffer?: Uint8Array;
  /** Sums bytes of `buffer`; by default the TypeScript twin. */
  readonly crc?: Crc;
  /** The data directory is new, or came from a backup: there is no journal yet, which is right. */
  readonly mayBeEmpty?: boolean;
};

/** What recovery found; for the log and the admin report. */
export type Recovery = {
  readonly entryCount: number;
  readonly lastSeq: number;
  /** Where and why a torn tail was cut. */
  readonly cut: { readonly file: string; readonly offset: number; readonly why: string } | null;
};

/** The end at which the journal grows. Belongs to one thread. */
export interface JournalAppender {
  readonly recovery: Recovery;
  /** The seq that the next entry must have. */
  readonly nextSeq: number;
  /** Every entry up to this seq is durable: those that sync() was called for, and perhaps more. */
  readonly durableSeq: number;
  /** Bytes of entries in the largest batch. */
  readonly batchBytesMax: number;
  /**
   * Reserves room for a batch of this many bytes, before it is sealed. Returns the salt with which
   * each of its entries must be sealed. RESOURCE_EXHAUSTED: there is no room now, ask again.
   */
  reserve(bytes: number): number;
  /** Takes one batch of sealed entries, seqs firstSeq … lastSeq, for which room was reserved. */
  append(batch: Uint8Array, firstSeq: number, lastSeq: number): void;
  /** Makes all appended entries durable, unless sync is off. Acknowledge only after it. */
  sync(): void;
  /** Nothing more is appended; all appended entries are durable. */
  close(): void;
}

/** The progress of entries at the end of a flush. */
export type Flushed = {
  readonly durableSeq: number;
  /** Tier 2 has every change up to this seq, for certain. */
  readonly flushedSeq: number;
  /** Nobody asks for entries up to this one any more; at most flushedSeq. */
  readonly trimSeq: number;
};

export type JournalUsage = { readonly partCount: number; readonly bytes: number };

/**
 * The end at which the journal is trimmed. Belongs to one thread, not necessarily the appender's.
 */
export interface JournalTrimmer {
  /**
   * Releases entries that are no longer needed; the implementation decides how many of them remain.
   */
  trim(flushed: Flushed): void;
  /** Prepares early what reserve() would have to wait for. A full disk is not an error. */
  prepare(): void;
  usage(): JournalUsage;
  close(): void;
}

/** Follows a journal that others append to. Changes nothing. */
export interface JournalTail {
  /** The last seq that was handed over, or the one before the first. */
  readonly lastSeq: number;
  /**
   * Hands over, once and in order, everything up to `toSeq`, which is durable. An entry that is no
   * longer there (trimmed) is DATA_LOSS and never passed over.
   */
  follow(toSeq: number, onEntry: EntryHandler): void;
  close(): void;
}

/** A part that holds entries: in the local journal, a segment. */
export type JournalPart = {
  readonly file: string;
  readonly firstSeq: number;
  /** firstSeq - 1 when there is no entry. */
  readonly lastSeq: number;
  readonly entryCount: number;
  /** Up to the end of the last whole record. */
  readonly usedBytes: number;
  /** torn = the last write was interrupted, or is under way right now. */
  readonly state: 'closed' | 'open' | 'torn' | 'damaged';
  /** What recovery would say, null when it would go on. */
  readonly problem: string | null;
};
