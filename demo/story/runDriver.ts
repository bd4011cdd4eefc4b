import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../lib/base/json.ts';
import { type DriverReport, driverReportSchema } from '../sdks/EventTally.ts';

/**
 * Runs a script with its settings, in a process of its own as an app is, and reads what the script's SDK sent.
 *
 * @param script The script's path from `demo/sdks/`.
 * @param timeoutMs Milliseconds that it may take. Default: a minute and a half.
 * @throws Error when the driver fails or takes longer than `timeoutMs`, with what it wrote to stderr.
 */
export async function runDriver(
  script: string,
  settings: JsonObject,
  timeoutMs = 90_000,
): Promise<DriverReport> {
  const file = fileURLToPath(new URL(`../sdks/${script}`, import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    // Server Core reports its failures to Statsig, and has no option against that. The proxy keeps these reports on
    // this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  const [out, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`${script} failed (exit ${code}):\n${errors}`);
  const lines = out.trim().split('\n');
  return driverReportSchema.parse(JSON.parse(lines.at(-1) ?? ''));
}

/** Numbers of rows by table, and then by day. */
export type RowsByDay = Readonly<Record<'exposures' | 'events', Readonly<Record<string, number>>>>;

/** The expected rows if nothing is lost or duplicated: the sum of what the SDKs report. */
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

/** Numbers of exposure rows, by experiment and by group. */
export function expectedGroups(reports: readonly DriverReport[]): Record<string, Record<string, number>> {
  const groups: Record<string, Record<string, number>> = {};
  for (const report of reports) {
    for (const [experiment, counts] of Object.entries(report.groups)) {
      const sums = groups[experiment] ?? {};
      for (const [group, count] of Object.entries(counts)) sums[group] = (sums[group] ?? 0) + count;
      groups[experiment] = sums;
    }
  }
  return groups;
}
