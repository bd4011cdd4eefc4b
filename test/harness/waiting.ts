import { inspect } from 'node:util';

/** Milliseconds for which {@link eventually} looks: less than jest's limit for a test (time-limit.mjs). */
const LOOKING_MS = 200_000;
/** Milliseconds between two looks: without a pause they would take the processor from what they look at. */
const PAUSE_MS = 25;

/** What runs now, by {@link within}. */
const waits = new Set<string>();

/**
 * Waits for a result under a name. If jest's limit ends the test before the result is there, the test's error has the name:
 * time-limit.mjs asks for {@link unendedWaits}.
 */
export async function within<Result>(what: string, result: Promise<Result>): Promise<Result> {
  // A name of its own: two waits may be for the same.
  const wait = `${what} (begun ${new Date().toISOString()})`;
  waits.add(wait);
  try {
    return await result;
  } finally {
    waits.delete(wait);
  }
}

/** The names of waits that have not ended, which are forgotten. */
export function unendedWaits(): readonly string[] {
  const names = [...waits];
  waits.clear();
  return names;
}

/**
 * Looks again and again until what is seen is right.
 *
 * @param what What is waited for, as the error says.
 * @param isRight Default: it is neither null, undefined nor false.
 * @throws Error that says what never came, and what was seen last.
 */
export async function eventually<Seen>(
  what: string,
  look: () => Seen | Promise<Seen>,
  isRight = (seen: Seen) => seen !== null && seen !== undefined && seen !== false,
): Promise<Exclude<Seen, null | undefined | false>> {
  const deadline = performance.now() + LOOKING_MS;
  for (;;) {
    const seen = await within(what, Promise.resolve(look()));
    if (isRight(seen)) return seen as Exclude<Seen, null | undefined | false>;
    if (performance.now() >= deadline) throw new Error(`${what} did not come. Seen last: ${inspect(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
