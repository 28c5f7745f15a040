/** What one thread's HTTP edge takes at a time, and how long it waits for a client. */
export type HttpLimits = {
  /** Requests that are being answered; beyond it 429. Those that must always work do not count. */
  readonly inFlightMax: number;
  /** Bytes of a body that wait for whoever takes them. */
  readonly bodyBytesHigh: number;
  /** A transfer that waits for its client and moves less than `transferBytesMin` meanwhile ends. */
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
