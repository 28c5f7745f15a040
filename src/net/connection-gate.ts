/**
 * The connections of one edge, counted from the moment they are accepted: one that never says a
 * word holds a descriptor like others. What the budget has no room for is closed at once.
 *
 * uWS tells of a connection with 1, and with -1 when it closes or becomes a WebSocket, whose end it
 * tells elsewhere. So that -1 within an upgrade is passed over.
 */
import type { HttpResponse } from 'uWebSockets.js';
import type { CallCounters } from '../wire/call-counters.js';

/** What all ports of a process may have together. */
export type ConnectionBudget = {
  /** False: there is no room, and nothing is counted. */
  enter(): boolean;
  leave(): void;
  /** Nearly no room: callers are told so while there is some to tell them. */
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
