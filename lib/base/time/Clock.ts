/** Where the time comes from. Injected everywhere; the code never reads the machine's clock by itself. */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
