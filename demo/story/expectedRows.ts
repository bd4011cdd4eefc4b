import type { DriverReport } from './runDriver.ts';

/** Rows by table, then by day. */
export type RowsByDay = Readonly<Record<'exposures' | 'events', Readonly<Record<string, number>>>>;

/** What must be in the tables if nothing is lost and nothing is doubled: the sum of what the SDKs say they sent. */
export function expectedRows(reports: readonly DriverReport[]): RowsByDay {
  const rows: Record<'exposures' | 'events', Record<string, number>> = { exposures: {}, events: {} };
  for (const { byDay } of reports) {
    for (const [day, { exposures, events }] of Object.entries(byDay)) {
      rows.exposures[day] = (rows.exposures[day] ?? 0) + exposures;
      rows.events[day] = (rows.events[day] ?? 0) + events;
    }
  }
  return rows;
}

/** Exposure rows of experiments by experiment and group. */
export function expectedGroups(reports: readonly DriverReport[]): Record<string, Record<string, number>> {
  const groups: Record<string, Record<string, number>> = {};
  for (const report of reports) {
    for (const [experiment, counts] of Object.entries(report.groups)) {
      const mine = groups[experiment] ?? {};
      for (const [group, count] of Object.entries(counts)) mine[group] = (mine[group] ?? 0) + count;
      groups[experiment] = mine;
    }
  }
  return groups;
}
