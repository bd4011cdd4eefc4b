/**
 * Longest way that one advance goes, milliseconds: 31 days. Everything due on the way is run at its own time,
 * so a year would be thousands of invocations; a clock that is set jumps any distance.
 */
export const LONGEST_ADVANCE_MS = 31 * 86_400_000;

/** Longest delay that a JavaScript timer takes; longer waits are made of several. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The last instant with a year of four digits, epoch milliseconds: signatures and day folders have no room for five. */
export const LAST_INSTANT_MS = Date.UTC(10_000, 0, 1) - 1;
