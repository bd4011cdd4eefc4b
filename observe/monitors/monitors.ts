import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { storedText } from '../../lib/base/ObjectStore.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import {
  type MonitorEvent,
  type MonitorState,
  type OpenFinding,
  readState,
  STATE_KEY,
} from '../../lib/monitors/MonitorState.ts';
import { type MonitorName, monitorFindings, monitorNames } from '../../lib/monitors/monitorFindings.ts';
import { sluiceCommand } from '../commands.ts';
import type { Deployment } from '../deployment.ts';

/** Findings of monitors, and when they looked. */
export interface MonitorReport {
  /** Whether the configuration turns on any. */
  readonly isOn: boolean;
  readonly monitors: readonly MonitorLook[];
  /** Findings that go on, the newest first. */
  readonly open: readonly OpenFinding[];
  /** Beginnings, ends and acknowledgements, the newest first. */
  readonly history: readonly MonitorEvent[];
}

/** The last look of one monitor. */
export interface MonitorLook {
  readonly monitor: MonitorName;
  readonly isOn: boolean;
  /** When it last looked with success, ISO 8601; null if it never did. */
  readonly lookedAt: string | null;
  /** Why the last look failed; null if it did not. */
  readonly failed: string | null;
}

/** Reads what monitors found. @throws MonitorError; what S3's client throws. */
export async function readMonitors(deployment: Pick<Deployment, 's3' | 'config'>): Promise<MonitorReport> {
  const { s3, config } = deployment;
  return monitorReport(deployment, await readState(storedText(s3ObjectStore(s3, config.bucket), STATE_KEY)));
}

/** Makes the report of a state. */
export function monitorReport({ config }: Pick<Deployment, 'config'>, state: MonitorState): MonitorReport {
  return {
    isOn: config.monitors !== null,
    monitors: monitorNames.map((monitor) => ({
      monitor,
      isOn: config.monitors !== null && config.monitors[monitor] !== false,
      lookedAt: state.looks[monitor]?.at ?? null,
      failed: state.looks[monitor]?.failed ?? null,
    })),
    open: state.open.toReversed(),
    history: state.history,
  };
}

/**
 * The report as documented JSON: docs/reference/cli.md.
 *
 * @param target Options that name the deployment.
 */
export function monitorsJson(report: MonitorReport, target: readonly string[]) {
  return {
    on: report.isOn,
    monitors: report.monitors.map(({ monitor, isOn, lookedAt, failed }) => ({
      ...{ monitor, on: isOn, failed },
      looked_at: lookedAt === null ? null : isoTimestamp(Date.parse(lookedAt)),
    })),
    open: report.open.map(({ id, code, monitor, subject, text, command, since, acknowledged }) => ({
      ...{ id, code, monitor, subject, text },
      ...{ cause: monitorFindings[code].cause, cure: monitorFindings[code].cure },
      ...{ command: sluiceCommand(target, command), since, acknowledged },
    })),
    history: report.history.map(({ at, what, id, code, subject, text, command }) => ({
      ...{ at, what, id, code, subject, text, command: sluiceCommand(target, command) },
    })),
  };
}
