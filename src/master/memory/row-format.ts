/**
 * Numbers of tier 2's rows that their codec (assembly/codec.ts, which draws the format) and others
 * must agree on. NEVER renumber: data directories hold such rows. Pure.
 */

export const ROW = {
  VERSION: 2,
  CRC_BYTES: 4,
  TIME_BYTES: 5,
  SECOND_BYTES: 4,
  /** 2020-01-01T00:00:00Z in ms: times are stored relative to it. */
  TIME_BASE: 1_577_836_800_000,
  /** The values of fields that are left out. */
  MODE_FILE: 0o644,
  MODE_DIRECTORY: 0o755,
  MOUNT_ID: 1,
} as const;

/** Bits of a row's presence word: the field is there. */
export const PRESENCE = {
  DIRECTORY: 1 << 0,
  WIDE_TIME: 1 << 1,
  LENGTH: 1 << 2,
  MTIME: 1 << 3,
  TTL: 1 << 4,
  BLOCK_SIZE: 1 << 5,
  MODE: 1 << 6,
  FLAGS: 1 << 7,
  GROUP: 1 << 8,
  MOUNT_ID: 1 << 9,
  REPLICATION_MIN: 1 << 10,
  REPLICATION_MAX: 1 << 11,
  FINGERPRINT: 1 << 12,
  OWNER: 1 << 13,
  SECONDS: 1 << 14,
  ALL: (1 << 15) - 1,
} as const;

/** Offsets within a page of LMDB: storage/page-format.ts has the picture. */
export const PAGE = {
  BYTES: 4096,
  HEADER_BYTES: 24,
  LOWER_AT: 20,
  NODE_HEADER_BYTES: 8,
  NODE_KEY_BYTES_AT: 6,
} as const;
