/** The exit code of a shell after Ctrl-C: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;
/** The exit code of a shell after SIGTERM, 128 and its number, with which an erasure ends that was stopped by it. */
export const TERMINATED = 143;
/** Milliseconds within which signals are one: a key press can arrive several times. */
const ONE_PRESS_MS = 1_000;

/**
 * Resolves at the first Ctrl-C, SIGTERM or SIGHUP; a second Ctrl-C ends the process at once. One key press can arrive more than
 * once (from the terminal, from npm, from scripts/launch.mjs), so signals within a second count as one.
 */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (askedAt !== undefined && signal === 'SIGINT' && performance.now() - askedAt > ONE_PRESS_MS)
          process.exit(INTERRUPTED);
        askedAt ??= performance.now();
        resolve();
      });
    }
  });
}
