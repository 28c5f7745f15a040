/**
 * Counts the connections of one edge from the moment they are accepted, because a silent connection
 * holds a descriptor too. Connections beyond the budget are closed at once.
 *
 * uWS reports a new connection as 1. It reports -1 when the connection closes or becomes a
 * WebSocket. The end of a WebSocket is reported elsewhere, so the -1 within an upgrade is ignored.
 */
import type { HttpResponse } from 'uWebSockets.js';
import type { CallCounters } from '../wire/call-counters.js';

/** The connections that all ports of a process may have together. */
export type ConnectionBudget = {
  /** False: there is no room, and nothing is counted. */
  enter(): boolean;
  leave(): void;
  /** Nearly full: callers are told so while there are still connections to tell them. */
  isFull(): boolean;
};

const unbounded: ConnectionBudget = {
  enter: () => true,
  leave: () => undefined,
  isFull: () => false,
};

export class ConnectionGate {
  readonly #counters: CallCounters;
  readonly #budget: ConnectionBudget;
  #isUpgrading = false;
  #isRefusing = false;

  constructor(counters: CallCounters, budget: ConnectionBudget = unbounded) {
    this.#counters = counters;
    this.#budget = budget;
  }

  get isFull(): boolean {
    return this.#budget.isFull();
  }

  /** For uWS's filter. */
  told(response: Pick<HttpResponse, 'close'>, count: number): void {
    if (count !== 1) {
      if (!this.#isUpgrading && !this.#isRefusing) this.#left();
      return;
    }
    if (this.#budget.enter()) {
      this.#counters.connections++;
      this.#counters.connectionsTotal++;
      return;
    }
    this.#counters.dropped++;
    this.#isRefusing = true;
    response.close();
    this.#isRefusing = false;
  }

  /** Around what makes a WebSocket of a connection. */
  upgrade(make: () => void): void {
    this.#isUpgrading = true;
    make();
    this.#isUpgrading = false;
  }

  webSocketClosed(): void {
    this.#left();
  }

  #left(): void {
    this.#counters.connections--;
    this.#budget.leave();
  }
}
