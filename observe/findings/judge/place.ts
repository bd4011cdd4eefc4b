import type { UtcDay } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { RestorableDay } from '../../facts/days/files/restorableDays.ts';
import type { Finding } from '../catalogue.ts';
import type { Ringing } from './Ringing.ts';

/** The deployment whose facts are judged. */
export type Judged = Pick<Deployment, 'config' | 'stack' | 'localControl' | 'now'>;

/** What judges know besides facts. */
export interface Place extends Judged {
  /** Commands that findings print. */
  readonly commands: DeploymentCommands;
  /** The alarms that are on. */
  readonly ringing: Ringing;
  /** Whether S3 has no version to bring back of what a finding has of a day ({@link RestorableDay}): of none, if all is back. False: it has, or nobody knows. */
  readonly isUnrestorable: (table: RestorableDay['table'], day: UtcDay) => boolean;
  /** When the first of a day's files that S3 has versions of was deleted, epoch milliseconds; null if nobody knows. */
  readonly deletedAt: (table: RestorableDay['table'], day: UtcDay) => number | null;
}

/** What a judge finds, in order. */
export type Findings = Generator<Finding>;
