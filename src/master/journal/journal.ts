/**
 * The journal as everybody sees it who does not keep one: a sequence of sealed entries with dense
 * seqs, of which a prefix is durable. Where it lies, and in what pieces, is the business of an
 * implementation (local/); which one there is, of the one place that opens it.
 *
 *   writer      recover() ─▶ reserve() append() sync() …        one at a time, anywhere
 *   flusher     trimmer() ─▶ trim() behind each flush
 *   follower    tail()    ─▶ follow() up to what is durable by now; while others append and trim
 *   at rest     readFrom(), parts()                             nobody else has it open
 *
 * Every call blocks its thread until it is done: the writer has nothing else to do, and a batch
 * costs no promise. An implementation behind a network keeps a thread of its own and waits for it.
 *
 * Fail-stop: who appends and can no longer promise anything throws a JournalFailure, the same for
 * every later call. A StatusError means that nothing happened, and that it may be tried again.
 */

/** Called for each entry: it stands at bytes[offset, offset + length) until the call returns. */
export type EntryHandler = (bytes: Uint8Array, offset: number, length: number, seq: number) => void;

/** CRC32C of bytes[offset, offset + length): crc32c.ts, or a kernel where `bytes` is its memory. */
export type Crc = (bytes: Uint8Array, offset: number, length: number) => number;

export interface Journal {
  /**
   * Hands over what is wanted and stands ready to append behind it. What was handed over is
   * durable before. A journal that has lost something durable is refused: DATA_LOSS.
   */
  recover(replay: Replay): JournalAppender;
  trimmer(): JournalTrimmer;
  /** Follows from this seq on; opens nothing before it is asked to. */
  tail(fromSeq: number): JournalTail;
  /** Hands over entries with seqs >= `fromSeq`; the seq after the last, at least `fromSeq`. */
  readFrom(fromSeq: number, onEntry: EntryHandler): number;
  /**
   * What it consists of, oldest first, with what is wrong with it: reports it and goes on where
   * recovery would refuse. Also while it is in use. `onEntry`, for dumps, is called before the part
   * of the entry is told.
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
  /** Nothing at all is in order: the data directory is new, or came out of a backup. */
  readonly mayBeEmpty?: boolean;
};

/** What recovery found; for the log and the admin report. */
export type Recovery = {
  readonly entryCount: number;
  readonly lastSeq: number;
  /** Where and why a torn tail was cut. */
  readonly cut: { readonly file: string; readonly offset: number; readonly why: string } | null;
};

/** The end that grows. Belongs to one thread. */
export interface JournalAppender {
  readonly recovery: Recovery;
  /** The seq that the next entry must have. */
  readonly nextSeq: number;
  /** Every entry up to this seq is durable: what sync() was called for, and perhaps more. */
  readonly durableSeq: number;
  /** Bytes of entries in the largest batch. */
  readonly batchBytesMax: number;
  /**
   * Makes sure of the room for a batch of so many bytes, before it is sealed: returns the salt that
   * each of its entries must be sealed with. RESOURCE_EXHAUSTED: no room by now, ask again.
   */
  reserve(bytes: number): number;
  /** Takes one batch of sealed entries, seqs firstSeq … lastSeq, that room was reserved for. */
  append(batch: Uint8Array, firstSeq: number, lastSeq: number): void;
  /** Makes all appended entries durable, unless it is set not to. Acknowledge only after it. */
  sync(): void;
  /** Nothing is appended any more; what was is durable. */
  close(): void;
}

/** How far entries have come, when a flush is over. */
export type Flushed = {
  readonly durableSeq: number;
  /** Tier 2 has every change up to this seq, for certain. */
  readonly flushedSeq: number;
  /** Nobody asks for entries up to this one any more; at most flushedSeq. */
  readonly trimSeq: number;
};

export type JournalUsage = { readonly partCount: number; readonly bytes: number };

/** The end that goes. Belongs to one thread, which need not be the appender's. */
export interface JournalTrimmer {
  /** Lets go what need not be kept; what of it stays is the implementation's choice. */
  trim(flushed: Flushed): void;
  /** Makes ready, ahead of need, what reserve() would have to wait for. A full disk is no error. */
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

/** A piece that entries lie in: of the local journal, a segment. */
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
