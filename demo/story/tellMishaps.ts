import { checkText } from '../../cli/commands/check.ts';
import { checkExperiments } from '../../observe/experiments/checkExperiments.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { heading, post, type Story, say } from './Story.ts';

const EXPERIMENT = 'signup_form';
/** Units of each group: half of them each was intended. */
const UNITS = { Control: 520, Test: 380 } as const;
/** The exposures are spread over as many days. */
const DAYS = 3;
const DAY_MS = 86_400_000;
/** Exposures of one request. */
const BATCH = 150;
const NAMELESS_EVENTS = 6;
const REASON = 'SLUICE_EVENT_NO_NAME';

/**
 * Two things go wrong that somebody has to notice: an experiment loses units of one group, and an app sends events that no
 * table takes. The console shows both.
 *
 * @param end The time of the local cloud, ISO 8601.
 */
export async function tellMishaps(story: Story, end: string): Promise<void> {
  const time = Date.parse(end);
  heading('8. An experiment loses units of one group');
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
  const list = await checkExperiments(story.deployment, { experiment: EXPERIMENT });
  say(checkText(list));
  const [result] = list.experiments;
  story.checks.equal(
    'units by group',
    Object.fromEntries((result?.groups ?? []).map(({ group_id, units }) => [group_id, units])),
    { ...UNITS },
  );
  story.checks.equal('the split', result?.verdict, 'mismatch');

  heading('9. An app sends events that no table takes');
  await post(
    story,
    Array.from({ length: NAMELESS_EVENTS }, (_, i) => ({ value: 1, user: { userID: `member-${i}` }, time })),
  );
  await story.cloud.flush();
  const kept = await quarantined(story);
  story.checks.equal('rows in quarantine', kept, { [REASON]: NAMELESS_EVENTS });
  say(
    `${NAMELESS_EVENTS} events have no name. Their request was answered 202, and each is in quarantine as it was`,
  );
  say(`sent, with its reason: ${REASON}. The console shows which app sends them.`);
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

async function quarantined({ cloud, config }: Story): Promise<Readonly<Record<string, number>>> {
  const rows = await runQuery(
    cloud.data,
    `SELECT reason, count(*) AS n FROM ${config.tables.quarantine} GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ reason, n }) => [String(reason), Number(n)]));
}
