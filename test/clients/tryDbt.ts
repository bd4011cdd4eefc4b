import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AthenaClient } from '@aws-sdk/client-athena';
import { z } from 'zod';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { localAccount } from '../../local/localAccount.ts';
import { projectRoot } from '../../local/roots.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { answer } from '../harness/answer.ts';
import { preparePython } from '../harness/python.ts';
import { runClient } from '../harness/runClient.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

/** A build takes half a minute, and far more on a busy machine. */
const BUILD_MS = 600_000;
/** dbt's report on a run. https://docs.getdbt.com/reference/artifacts/run-results-json */
const runSchema = z.object({
  results: z
    .array(z.object({ unique_id: z.string(), status: z.string(), message: z.string().nullish() }))
    .min(1),
});

/**
 * Builds `examples/dbt` as its page says, as of yesterday and of today: every node and every test of the project
 * succeeds, and the scorecard has every unit.
 *
 * @param tell Receives each check and what failed; empty if nothing did.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryDbt(tell: (what: string, failure: string) => void): Promise<string | undefined> {
  const python = preparePython('examples/dbt', 'dbt-core and dbt-athena');
  if ('missing' in python) return python.missing;
  const directory = temporaryDirectory();
  const cloud = await startCloud({ port: 0, edgePort: 0, data: join(directory.path, 'data') });
  const athena = new AthenaClient({
    endpoint: cloud.edge,
    region: localAccount.region,
    credentials: localAccount,
  });
  try {
    const project = join(directory.path, 'project');
    cpSync(join(projectRoot, 'examples', 'dbt'), project, { recursive: true });
    const today = utcDay(Date.now());
    for (const { until, from, to } of [
      { until: addDays(today, -1), from: 0, to: 40 },
      { until: today, from: 40, to: 100 },
    ]) {
      await send(cloud, until, from, to);
      const folders = ['--project-dir', project, '--profiles-dir', project];
      // A build that fails early writes no result: that of the day before must not count as its own.
      const target = join(directory.path, `target-${until}`);
      const { stdout, stderr } = await runClient(
        join(python.bin, 'dbt'),
        ['build', ...folders, '--vars', JSON.stringify({ until })],
        {
          edge: cloud.edge,
          timeoutMs: BUILD_MS,
          more: {
            DBT_TARGET_PATH: target,
            DBT_LOG_PATH: directory.path,
            DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
          },
        },
      );
      const results = runSchema.safeParse(readJson(join(target, 'run_results.json')));
      tell(`dbt builds ${until}`, results.success ? '' : `${stdout}${stderr}`);
      for (const { unique_id, status, message } of results.data?.results ?? []) {
        // The source `received_hours` is filled at night, and no night has passed.
        const wanted = unique_id.includes('received_hours') ? /^warn$/ : /^(?:success|pass)$/;
        tell(`dbt ${until} ${unique_id}`, wanted.test(status) ? '' : `${status}: ${message}`);
      }
      const { rows } = await answer(athena, {
        QueryString: 'SELECT group_name, units FROM scorecard ORDER BY metric, 1',
        QueryExecutionContext: { Database: 'scorecard' },
        ResultConfiguration: { OutputLocation: `s3://${cloud.bucket}/dbt/checks/` },
      });
      const units = ['Control', 'Test'].map((group) => [group, String(to / 2)]);
      const expected = [...units, ...units, ...units];
      tell(`the scorecard of ${until}`, isDeepStrictEqual(rows, expected) ? '' : JSON.stringify(rows));
    }
  } finally {
    athena.destroy();
    await cloud.close();
    directory.remove();
  }
  return undefined;
}

/** Users of both groups of the example's seed `experiment_groups`, with what its metrics count. */
async function send({ collector, flush }: Cloud, day: UtcDay, from: number, to: number): Promise<void> {
  const time = Date.parse(`${day}T00:00:00Z`);
  const events = Array.from({ length: to - from }, (_, at) => {
    const user = { userID: `u${from + at}` };
    const ruleID = at % 2 === 0 ? '3QfjCheckoutControl' : '3QfjCheckoutTest';
    const metadata = { config: 'checkout_button', ruleID, reason: 'Network:Recognized' };
    return [
      { eventName: 'statsig::config_exposure', time, user, metadata },
      { eventName: 'page_view', time: time + 1_000, user, value: '/checkout' },
      ...(at % 3 === 0 ? [{ eventName: 'order_placed', time: time + 2_000, user, value: 10 + at }] : []),
    ];
  }).flat();
  const { status } = await fetch(`${collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-scorecard' },
    body: JSON.stringify({ events, statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.33.5' } }),
  });
  if (status !== 202) throw new Error(`The collector answered ${status}.`);
  await flush();
}

/** A file that dbt has written; undefined when it has not. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
