/**
 * Under load, lets frames gather: a thread that is called by many connections but found few of them
 * ready pauses before it looks again. As a network card that moderates its interrupts: each look
 * costs wake-ups on both sides of the wire, and many small ones cost more than what they answer.
 *
 * The *crowd* is how many connections called within the last full window. There is a pause only
 * when there is a crowd and a turn brought few frames beside it. One caller at a time, however
 * quick, is no crowd, and never waits. Whether cores are short, so that it is worth it, is for
 * `pause` to say.
 *
 * Invariant: at most one pause a turn of the event loop, and none in a turn without frames.
 */
const WINDOW_MS = 1;
/** Fewer are no crowd: then a pause would cost more calls than it saves looks. */
const CROWD_MIN = 12;
/** Of the crowd; a turn that brought so much needs no pause. */
const FRAMES_SHARE = 0.5;
/** Measured with the load on the same two cores: 0.1 ms gained a third of it. */
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

  /** A frame of this connection has been dealt with. */
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
