/** What names a call for ever, across connections and lives: its client and its number there. */
export type CallIdentity = { readonly clientId: number; readonly callId: number };

/** Calls that are not to be tried again: they ended a life of the master. Mostly there are none. */
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
