/** Lets the event loop turn until something holds. @throws Error if it has not within 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('It has not come about in 20 s.');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
