/** Who asks: identity of a session, by name. Simple authentication, as HDFS calls it. */
export type Caller = {
  readonly user: string;
  readonly groups: readonly string[];
  /** Random number of the client; with a call id it names one call for ever. 0 = no retries. */
  readonly clientId: number;
  /** Where the calls come from, for bounds on one client; absent: from within the process. */
  readonly source?: string | undefined;
};
