/**
 * Resolves at the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. One key press can arrive more than
 * once (from the terminal, from npm, from scripts/launch.mjs), so signals within a second count as one.
 */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (askedAt !== undefined && signal === 'SIGINT' && performance.now() - askedAt > 1000)
          process.exit(130);
        askedAt ??= performance.now();
        resolve();
      });
    }
  });
}
