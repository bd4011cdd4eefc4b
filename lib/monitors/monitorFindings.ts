import type { ErrorEntry } from '../base/errors.ts';

/** The findings of monitors. observe/findings.ts has them with all others. Codes are stable; none of them is thrown. */
export const monitorFindings = {
  SLUICE_MONITOR_SPLIT: {
    cause:
      'Units of an experiment are not split as expected, or a group has units that is not expected. Its results cannot be trusted.',
    cure: 'Run the command: it counts the groups by day. docs/experiments.md goes through the usual causes. Stop the experiment, correct the cause and start it anew: units that were split wrongly stay so.',
  },
  SLUICE_MONITOR_TABLE_LATE: {
    cause: 'A table has got no new row for longer than its hours.',
    cure: 'Run the command. If requests still arrive, docs/operate.md, "Objects wait in the landing" or "A drop is missing or failed", goes on. If it is usual for the table, set its hours in `monitors.freshness.tables`.',
  },
  SLUICE_MONITOR_EVENT_SILENT: {
    cause:
      'An event has no rows any more, although it had them on the days before and on the same days of the week.',
    cure: 'Run the command: it has the rows by day. Look for a release of the app on the first silent day. If it was taken out on purpose, acknowledge the finding.',
  },
  SLUICE_MONITOR_EVENT_NEW: {
    cause: 'Rows have an event name that none had before.',
    cure: 'Run the command. If it was meant, no action is needed: the finding ends by itself after a week. Otherwise look for a misspelled name in the latest release of the app.',
  },
  SLUICE_MONITOR_TYPE_CHANGED: {
    cause:
      'The value or a property of an event has a type that it never had before. Queries that compute with it leave such rows out, or fail.',
    cure: 'Run the command. If it was not meant, look for the release of the app on the first day. The finding ends when rows no longer have the type, or after a week, from when on both types are usual.',
  },
  SLUICE_MONITOR_REFUSED: {
    cause: 'A large share of the requests is refused, or of the events goes to quarantine.',
    cure: 'Run the command: it counts by reason. docs/operate.md, "Requests are refused" and "Events are in quarantine", has the usual causes.',
  },
} as const satisfies Readonly<Record<`SLUICE_MONITOR_${string}`, ErrorEntry>>;

/** A stable code of what monitors find. */
export type MonitorCode = keyof typeof monitorFindings;

/** Monitors, by the member of the configuration that turns them off. */
export const monitorNames = ['sampleRatio', 'freshness', 'events', 'refused'] as const;
export type MonitorName = (typeof monitorNames)[number];

/** Something that a monitor found. */
export interface MonitorFinding {
  readonly code: MonitorCode;
  readonly monitor: MonitorName;
  /** Name of the experiment, table or event. Findings of one code with the same subject are one. */
  readonly subject: string;
  /** A sentence or two for people, with the numbers. */
  readonly text: string;
  /** Words of the command that explains it, after `sluice` and without the deployment. */
  readonly command: readonly string[];
}

/** The result of one look of a monitor. */
export interface Look {
  readonly monitor: MonitorName;
  readonly found: readonly MonitorFinding[];
  /** Whether nothing can be said of an open finding: it neither goes on nor ends. */
  readonly isUnknown: (open: Pick<MonitorFinding, 'code' | 'subject'>) => boolean;
}

/** Whether a finding is open: it ends at a lower threshold than the one at which it began, so that it does not flap. */
export type IsOpen = (code: MonitorCode, subject: string) => boolean;
