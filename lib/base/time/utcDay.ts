/** Milliseconds of one UTC day. */
export const DAY_MS = 86_400_000;

/** A UTC calendar day as `YYYY-MM-DD`. */
export type UtcDay = string;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The UTC day of an instant (epoch ms) between the years 0001 and 9999. */
export function utcDay(epochMs: number): UtcDay {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** Whether a text is a calendar day that exists, as `YYYY-MM-DD`: `2026-02-30` is none. */
export function isUtcDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const epochMs = Date.parse(`${text}T00:00:00.000Z`);
  return Number.isFinite(epochMs) && new Date(epochMs).toISOString().startsWith(text);
}

/** The day `days` after (negative: before) a day. */
export function addDays(day: UtcDay, days: number): UtcDay {
  return utcDay(Date.parse(`${day}T00:00:00.000Z`) + days * DAY_MS);
}
