/**
 * Latencies of one kind of call in an HdrHistogram: microseconds, three digits, up to ten minutes.
 * As text they travel between threads and processes, and stay with the results.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

const LATENCY_US_MAX = 600_000_000;
const MICROSECONDS = 1000;

export type LatencySummary = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
};

export class Latencies {
  readonly #histogram: Histogram = build({
    bitBucketSize: 32,
    highestTrackableValue: LATENCY_US_MAX,
    autoResize: false,
    numberOfSignificantValueDigits: 3,
  });

  record(latencyMs: number): void {
    this.#histogram.recordValue(Math.min(LATENCY_US_MAX, Math.round(latencyMs * MICROSECONDS)));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** The histogram tells the upper end of a bucket, which may lie above all that was recorded. */
  percentileMs(percentile: number): number {
    const value = this.#histogram.getValueAtPercentile(percentile);
    return Math.min(value, this.#histogram.maxValue) / MICROSECONDS;
  }

  summary(): LatencySummary {
    return {
      p50Ms: this.percentileMs(50),
      p99Ms: this.percentileMs(99),
      p999Ms: this.percentileMs(99.9),
      maxMs: this.#histogram.maxValue / MICROSECONDS,
    };
  }

  /** HdrHistogram's own compressed encoding, which its tools read. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  static merged(encoded: readonly string[]): Latencies {
    const merged = new Latencies();
    for (const text of encoded) merged.#histogram.add(decodeFromCompressedBase64(text));
    return merged;
  }
}
