/** How often datasets and exports are looked at. */
type Schedule = 'daily' | 'hourly';

/** Which schedules are in use: each has a run of its own, and alarms on what that run saw. */
export function usedSchedules(of: readonly { readonly schedule: Schedule }[]): readonly Schedule[] {
  const used = new Set(of.map(({ schedule }) => schedule));
  return (['daily', 'hourly'] as const).filter((one) => used.has(one));
}
