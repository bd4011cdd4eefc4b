import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { checkText } from '../../cli/observe/checkText.ts';
import { localAccount } from '../../local/localAccount.ts';
import { checkExperiment } from '../../observe/experiments/checkExperiment.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { heading, openStoryPlace, post, type Story, say } from './Story.ts';

const EXPERIMENT = 'signup_form';
/** Units of each group: half of them each was intended. */
const UNITS = { Control: 520, Test: 380 } as const;
/** The exposures are spread over as many days. */
const DAYS = 3;
const DAY_MS = 86_400_000;
/** Exposures of one request. */
const BATCH = 150;
/** Events that do not fit the table while one of its columns is wrong. */
const LATE_EVENTS = 6;
const REASON = 'SLUICE_FIREHOSE_SCHEMA_MISMATCH';

/**
 * Two things go wrong that somebody has to notice: an experiment loses units of one group, and somebody changes a column
 * of a table. What is left to do at the end is done in the console: the rows in quarantine are brought back.
 *
 * @param end The time of the local cloud, ISO 8601.
 */
export async function tellMishaps(story: Story, end: string): Promise<void> {
  const time = Date.parse(end);
  heading('10. An experiment loses units of one group');
  const users = Object.entries(UNITS).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, i) => ({ group, userID: `${group.toLowerCase()}-${i}` })),
  );
  for (let from = 0; from < users.length; from += BATCH)
    await post(
      story,
      users.slice(from, from + BATCH).map((user, i) => exposure(user, time - (i % DAYS) * DAY_MS)),
    );
  await story.cloud.flush();
  say(`A redirect loses users of Test before they are exposed. sluice check ${EXPERIMENT}:\n`);
  const result = await check(story, time);
  say(checkText(result));
  story.checks.equal(
    'units by group',
    Object.fromEntries(result.groups.map(({ groupId, units }) => [groupId, units])),
    { ...UNITS },
  );
  story.checks.equal('the split', result.verdict, 'mismatch');

  heading('11. Somebody changes a column, and rows no longer fit');
  await setUserIdType(story, 'double');
  await post(
    story,
    Array.from({ length: LATE_EVENTS }, (_, i) => ({
      eventName: 'invite_sent',
      value: 1,
      user: { userID: `member-${i}` },
      time,
    })),
  );
  await story.cloud.flush();
  await story.cloud.flush();
  await setUserIdType(story, 'string');
  const kept = await quarantined(story);
  story.checks.equal('rows in quarantine', kept, { [REASON]: LATE_EVENTS });
  say(
    `user_id of ${story.config.tables.events} became a double. Firehose could not convert ${LATE_EVENTS} rows.`,
  );
  say(`They are in quarantine, with their reason: ${REASON}. The column is a string again,`);
  say(`so that \`sluice redrive --reason ${REASON}\` or the console can bring them back.`);
}

function exposure(user: { readonly group: string; readonly userID: string }, time: number) {
  const { group, userID } = user;
  return {
    time,
    eventName: 'statsig::config_exposure',
    user: { userID },
    metadata: { config: EXPERIMENT, ruleID: group, reason: 'Network:Recognized' },
  };
}

async function check(story: Story, time: number) {
  const place = openStoryPlace(story, time);
  try {
    return await checkExperiment(place, { experiment: EXPERIMENT });
  } finally {
    place.close();
  }
}

/** Changes the type of `user_id`, as somebody could in Glue. */
async function setUserIdType({ cloud, config }: Story, Type: string): Promise<void> {
  const { region, accessKeyId, secretAccessKey } = localAccount;
  const glue = new GlueClient({
    endpoint: cloud.edge,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    const named = { DatabaseName: cloud.database, Name: config.tables.events };
    const { Table } = await glue.send(new GetTableCommand(named));
    const { Description, PartitionKeys, Parameters, TableType, StorageDescriptor } = Table ?? {};
    const Columns = StorageDescriptor?.Columns?.map((one) =>
      one.Name === 'user_id' ? { ...one, Type } : one,
    );
    await glue.send(
      new UpdateTableCommand({
        DatabaseName: cloud.database,
        TableInput: {
          Name: named.Name,
          Description,
          PartitionKeys,
          Parameters,
          TableType,
          StorageDescriptor: { ...StorageDescriptor, Columns },
        },
      }),
    );
  } finally {
    glue.destroy();
  }
}

async function quarantined({ cloud, config }: Story): Promise<Readonly<Record<string, number>>> {
  const rows = await runQuery(
    cloud.data,
    `SELECT reason, count(*) AS n FROM ${config.tables.quarantine} GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ reason, n }) => [String(reason), Number(n)]));
}
