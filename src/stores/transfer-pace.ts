/**
 * The other end of a transfer: the client that sends or receives a file. It may be slow, but a
 * transfer that stands still ends, because others need its permit.
 *
 * A transfer ends if it moves nothing for idleMs. While others wait for a permit of this kind, it
 * also ends if it made us wait for idleMs in total without moving BYTES_MIN meanwhile.
 */
import { Code, StatusError } from '../base/status.js';
import type { Call, CallGate, CallKind } from './call-gate.js';

const BYTES_MIN = 64 * 1024;

export class TransferPace {
  readonly #gate: CallGate;
  readonly #call: Call;
  readonly #kind: CallKind;
  #waitedMs = 0;
  #bytes = 0;

  constructor(gate: CallGate, call: Call, kind: CallKind) {
    this.#gate = gate;
    this.#call = call;
    this.#kind = kind;
  }

  /** Waits for the client, and for no longer than it may take. */
  async wait<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { idleMs } = this.#gate;
    const late = () => stalled(this.#call, idleMs);
    const began = performance.now();
    const value = await this.#gate.step(this.#call, work, { timeoutMs: idleMs, late });
    this.#waitedMs += performance.now() - began;
    if (this.#waitedMs >= idleMs && this.#gate.isWanted(this.#kind)) throw late();
    return value;
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < BYTES_MIN) return;
    this.#bytes = 0;
    this.#waitedMs = 0;
  }
}

const stalled = (call: Call, idleMs: number): StatusError =>
  new StatusError(
    Code.DEADLINE_EXCEEDED,
    `The transfer of ${call.uri} stood still for ${idleMs} ms.`,
    { hint: 'Send or take the data faster, or raise idleMs of the mount.' },
  );
