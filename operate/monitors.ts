import { s3ObjectStore } from '../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import { storedText } from '../lib/base/ObjectStore.ts';
import { acknowledge, changeState, type MonitorState, STATE_KEY } from '../lib/monitors/MonitorState.ts';
import type { Deployment } from '../observe/deployment.ts';

/** Why a finding of monitors could not be acknowledged. */
export const MonitorsError = defineErrorFamily('user', {
  SLUICE_MONITORS_UNKNOWN: {
    cause: 'No open finding has this ID.',
    cure: 'Run `sluice monitors`, which lists the open findings with their IDs.',
  },
});

/**
 * Acknowledges open findings: nothing more is told of them. Findings that are acknowledged already stay so.
 *
 * @returns What is open then, and what was told.
 * @throws MonitorsError, before anything is changed; MonitorError; what S3's client throws.
 */
export function acknowledgeFindings(
  { s3, config, now }: Pick<Deployment, 's3' | 'config' | 'now'>,
  ids: readonly string[],
): Promise<MonitorState> {
  return changeState(storedText(s3ObjectStore(s3, config.bucket), STATE_KEY), (before) =>
    ids.reduce((state, id) => {
      const after = acknowledge(state, id, now);
      if (after === null) throw new MonitorsError('SLUICE_MONITORS_UNKNOWN', `${id}.`);
      return after;
    }, before),
  );
}
