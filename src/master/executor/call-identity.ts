/** Identifies a call across connections and restarts: its client and its number. */
export type CallIdentity = { readonly clientId: number; readonly callId: number };

/** Calls that must not run again, because they ended an earlier process. Usually there are none. */
export class RefusedCalls {
  readonly #calls: ReadonlySet<string>;

  constructor(calls: readonly CallIdentity[]) {
    this.#calls = new Set(calls.map(({ clientId, callId }) => keyOf(clientId, callId)));
  }

  /** Its identity is made only if there is anything to compare it with. */
  refuses(call: { readonly identity: CallIdentity }): boolean {
    return this.#calls.size > 0 && this.has(call.identity);
  }

  has({ clientId, callId }: CallIdentity): boolean {
    return this.#calls.size > 0 && this.#calls.has(keyOf(clientId, callId));
  }
}

const keyOf = (clientId: number, callId: number): string => `${clientId}:${callId}`;
