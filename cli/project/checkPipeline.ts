import { z } from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { quoteName } from '../../lib/base/sql.ts';
import { NameFilter } from '../../lib/collect/eventFilter.ts';
import type { Config } from '../../lib/schema/config.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';

/** Errors of `sluice test`. */
export const TestError = defineErrorFamily('user', {
  SLUICE_TEST_NOT_ACCEPTED: {
    cause: 'The collector did not accept an event that it should.',
    cure: 'The answer has a code and a cure. `npx sluice start` runs the same for a closer look.',
  },
  SLUICE_TEST_NOT_FOUND: {
    cause: 'An accepted event is not where it should be.',
    cure: 'Run `npx sluice start`, send such an event, and see with `npx sluice doctor --local` and `npx sluice trace --local` where it is. If your configuration means it, tell us: it is a defect.',
  },
});

/** SDKs give up after this time, too. */
const DEADLINE_MS = 30_000;

/** The row of a query that counts. */
const rowSchema = z.object({ n: z.coerce.number() });

/**
 * Sends an exposure, an event and something malformed, delivers them, and looks for each in its table.
 *
 * @param cloud With no data yet: any row of a table is what was sent. The configuration may redact what would tell more.
 * @param report Receives a sentence for each check that passed.
 * @throws TestError
 */
export async function checkPipeline(
  cloud: Pick<Cloud, 'collector' | 'config' | 'data' | 'flush'>,
  report: (sentence: string) => void,
): Promise<void> {
  const { config } = cloud;
  const names = { exposures: nameFor(config.exposures), events: nameFor(config.events) };
  for (const sample of samples(names)) await post(cloud.collector, sample);
  report('The collector accepted an exposure and an event.');
  const { unregistered } = await cloud.flush();
  if (unregistered > 0)
    throw new TestError('SLUICE_TEST_NOT_FOUND', `${unregistered} new files could not be registered.`);
  const tables = deliveredTables(config);
  const what = { exposures: 'The exposure', events: 'The event', quarantine: 'A malformed event' } as const;
  for (const kind of ['exposures', 'events', 'quarantine'] as const) {
    const table = `${config.database}.${tables[kind].name}`;
    const lands = kind === 'quarantine' || new NameFilter(config[kind]).passes([names[kind]]);
    const isThere = await hasRows(cloud.data, config, tables[kind].name);
    if (lands !== isThere)
      throw new TestError('SLUICE_TEST_NOT_FOUND', `${table} has ${isThere ? 'a' : 'no'} row.`);
    report(lands ? `${what[kind]} is a row of ${table}.` : `${what[kind]} is left out, as \`${kind}\` says.`);
  }
}

/** The user of the events. */
const UNIT = 'sluice-test';
/** The key of the events: the cloud of the checks takes any. */
const CLIENT_KEY = 'client-sluice-test';

/**
 * Bodies with an exposure and an event, and with an event without a name. The last one is refused with an answer that stops
 * SDKs from sending it again.
 */
function samples({
  exposures,
  events,
}: Readonly<Record<'exposures' | 'events', string>>): readonly { readonly events: readonly object[] }[] {
  const user = { userID: UNIT };
  const time = Date.now();
  const metadata = { config: exposures, ruleID: 'test', rulePassed: 'true', reason: 'Network:Recognized' };
  return [
    {
      events: [
        { eventName: 'statsig::config_exposure', user, time, value: null, metadata },
        { eventName: events, user, time, value: 1, metadata: {} },
      ],
    },
    { events: [{ eventName: '', user, time }] },
  ];
}

/** Sends a body to the collector. @throws TestError SLUICE_TEST_NOT_ACCEPTED. */
async function post(collector: string, body: object): Promise<void> {
  const response = await fetch(`${collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'statsig-api-key': CLIENT_KEY },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  if (response.ok) return;
  throw new TestError('SLUICE_TEST_NOT_ACCEPTED', `It answered ${response.status}: ${await response.text()}`);
}

/** Whether a table has a row. */
async function hasRows(
  data: string,
  { database }: Pick<Config, 'database'>,
  table: string,
): Promise<boolean> {
  const [row] = await runQuery(data, `SELECT count(*) AS n FROM ${quoteName(database)}.${quoteName(table)}`);
  return rowSchema.parse(row).n > 0;
}

/** A name that the configuration lets land if it can: the first that it allows, or one of our own. */
export function nameFor({ allow }: { readonly allow?: readonly string[] | undefined }): string {
  return allow?.[0]?.replace(/\*$/, '') || 'sluice_test';
}
