/** What the HTTP edge of one thread accepts at a time, and how long it waits for a client. */
export type HttpLimits = {
  /** Requests in flight; further ones get 429. Requests that must always work do not count. */
  readonly inFlightMax: number;
  /** Bytes of a body that may wait for their reader. */
  readonly bodyBytesHigh: number;
  /** A transfer ends if its client moves less than `transferBytesMin` in this time. */
  readonly transferMsMax: number;
  readonly transferBytesMin: number;
  readonly retryAfterMs: number;
};

export const httpLimitsDefault: HttpLimits = {
  inFlightMax: 1024,
  bodyBytesHigh: 1 << 18,
  transferMsMax: 60_000,
  transferBytesMin: 1 << 16,
  retryAfterMs: 100,
};
