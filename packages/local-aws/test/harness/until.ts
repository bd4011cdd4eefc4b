/** Milliseconds after which nothing is waited for any more: less than jest's limit for a test, so that the error says for what. */
const MOST_MS = 200_000;

/**
 * Lets the event loop turn until something holds.
 *
 * @param what What is waited for, as the error says.
 * @throws Error if it has not come about in time.
 */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + MOST_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what}: not come about in ${MOST_MS} ms.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
