/**
 * Lets frames gather under load. A thread that many connections call, but that found few of them
 * ready, pauses before it looks again, as a network card moderates its interrupts. Each look costs
 * wake-ups on both sides of the wire, and many small looks cost more than their answers.
 *
 * The *crowd* is the number of connections that called within the last full window. The thread
 * pauses only if there is a crowd and the turn brought few frames compared with it. One caller at a
 * time, however quick, is no crowd and never waits. `pause` decides whether cores are short enough
 * to make it worthwhile.
 *
 * Invariant: at most one pause a turn of the event loop, and none in a turn without frames.
 */
const WINDOW_MS = 1;
/** Below this number a pause would cost more calls than it saves looks. */
const CROWD_MIN = 12;
/** A share of the crowd: a turn that brought this many frames needs no pause. */
const FRAMES_SHARE = 0.5;
/** Measured with the load on the same two cores; 0.1 ms gained a third of this gain. */
const PAUSE_MS = 0.3;

/** A connection; the field is the gathering's own. */
export type GatherMember = { gatherWindow: number };

export class Gather {
  readonly #pause: (ms: number) => void;
  readonly #now: () => number;
  #frames = 0;
  #window = 1;
  #windowEnds = 0;
  #members = 0;
  #crowd = 0;
  readonly #turnEnded = (): void => this.#endTurn();

  /** `pause` blocks the thread; `now` is in milliseconds. */
  constructor(pause: (ms: number) => void, now: () => number = () => performance.now()) {
    this.#pause = pause;
    this.#now = now;
  }

  /** Called after a frame of this connection was handled. */
  heard(member: GatherMember): void {
    if (member.gatherWindow !== this.#window) {
      member.gatherWindow = this.#window;
      this.#members++;
    }
    if (this.#frames++ === 0) setImmediate(this.#turnEnded);
  }

  #endTurn(): void {
    const frames = this.#frames;
    this.#frames = 0;
    const now = this.#now();
    if (now >= this.#windowEnds) {
      this.#crowd = this.#members;
      this.#members = 0;
      this.#window++;
      this.#windowEnds = now + WINDOW_MS;
    }
    if (this.#crowd >= CROWD_MIN && frames < this.#crowd * FRAMES_SHARE) this.#pause(PAUSE_MS);
  }
}
