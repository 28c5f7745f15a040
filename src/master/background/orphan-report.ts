/** What a search for orphans tells: plain data, since it goes between threads. */
export type Orphan = {
  /** In the store, below the root of the mount. */
  readonly path: string;
  readonly kind: 'hidden' | 'replaced' | 'unlisted';
  readonly bytes: number;
  readonly mtimeMs: number | undefined;
};

export type OrphanReport = {
  readonly uri: string;
  readonly orphans: readonly Orphan[];
  /** Pass as `startAfter` for the next page; absent: that was the last. */
  readonly next?: string;
};
