import { join } from 'node:path';
import { type Athena, openAthena } from '../athena/index.ts';
import { openStatementRunner } from '../athena/statements/openStatementRunner.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Stack } from '../cloudformation/Stack.ts';
import { deliveryErrorLine } from '../firehose/deliveryErrors.ts';
import { type Firehose, openFirehose } from '../firehose/index.ts';
import { FunctionLogs } from '../logs/FunctionLogs.ts';
import { logName } from '../logs/index.ts';
import type { LocalAwsOptions } from './LocalAws.ts';
import type { CloudState } from './openState.ts';
import { objectSink } from './provision.ts';

/** What runs by itself, and the logs to which it writes. */
export interface Engines {
  /** The delivery streams. */
  readonly firehose: Firehose;
  /** The queries. */
  readonly athena: Athena;
  /** The logs of functions. */
  readonly logs: FunctionLogs;
}

/** The stack as it is at the time of the call; undefined until it is deployed for the first time. */
export type StackNow = () => Stack | undefined;

/**
 * Opens streams, queries, and the logs that functions and streams write.
 *
 * @param opened Closes what is opened here, the logs last. Whatever else writes logs is opened later, so that it has ended
 *   by then.
 */
export async function openEngines(
  opened: AsyncDisposableStack,
  { readRecord }: Pick<LocalAwsOptions, 'readRecord'>,
  state: CloudState,
  stack: StackNow,
): Promise<Engines> {
  const { folders, clock, faults, metrics, feed } = state;
  const logs = new FunctionLogs({
    directory: folders.logs,
    clock,
    metrics,
    onOutput: feed.addOutput.bind(feed),
  });
  opened.defer(() => logs.close());
  const firehose = await openFirehose({
    directory: folders.firehose,
    clock,
    sink: objectSink(state.store, state.keys),
    account: state.place.account,
    faults,
    onFailure(stream, error) {
      // Firehose does not log what a disk of this machine refuses.
      if (diskProblem(error) !== undefined) return reportDefect(error);
      const logged = deliveryErrorLine(stack()?.resources ?? [], stream, error);
      if (logged !== undefined) logs.open(logName(logged.group))(`${logged.line}\n`);
    },
    readRecord,
    onAccepted: feed.addRecord.bind(feed),
    onMetrics: (data) => metrics.add(data),
    onCall(stream, call) {
      const delivery = state.permissions.ofDelivery(stream, call);
      if (delivery !== undefined)
        state.enforcement?.requireRole('firehose.amazonaws.com', delivery.role, stream, delivery.needed);
    },
  });
  opened.defer(() => firehose.close());
  const athena = await openQueries(state);
  opened.defer(() => athena.close());
  return { firehose, athena, logs };
}

/** Opens Athena, with the permissions of its callers where policies are enforced. */
function openQueries(state: CloudState): Promise<Athena> {
  const { folders, clock, faults, store, keys, catalog, permissions, enforcement, callerByKey } = state;
  return openAthena({
    directory: folders.athena,
    clock,
    catalog,
    store,
    openRunner: (prepared) =>
      openStatementRunner({ catalog, store, prepared, clock, directory: join(folders.athena, 'scratch') }),
    account: state.place.account,
    faults,
    onCall(signer, call) {
      const needed = permissions.ofQuery(call);
      for (const { action, resource } of needed)
        if (action.startsWith('kms:')) keys.requireUsable(keys.find(resource));
      enforcement?.requireQuery(callerByKey(signer), needed);
    },
  });
}
