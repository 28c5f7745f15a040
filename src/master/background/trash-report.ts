/** What the trash holds. Plain data: users see it as it is. Pure. */
export type TrashEntry = {
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly id: number;
  /** With what is below it, itself included. */
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** Until then undelete brings it back. */
  readonly expiresMs: number;
};

export type TrashReport = {
  /** The first of them to expire, as many as were asked for. */
  readonly list: readonly TrashEntry[];
  readonly entries: number;
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** False: the count ended at its bound, and there is more. */
  readonly isComplete: boolean;
};
