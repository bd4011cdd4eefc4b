import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from '@jest/globals';
import { textOf } from '../../../harness/textOf.ts';
import { type DatasetInput, MappingBench } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

it('history without users is loaded as docs/send.md configures it', async () => {
  const page = textOf('docs', 'send.md');
  const [, sources = ''] = /```ts\nsources: (\[\{ name: 'history'.*?\]),\n```/s.exec(page) ?? [];
  const [
    {
      datasets: [{ name, ...dataset }],
    },
  ]: [{ datasets: [DatasetInput & { name: string }] }] = JSON.parse(
    JSON.stringify(runInNewContext(`(${sources})`)),
  );
  const rows =
    "SELECT 1730455200 AS timestamp, 'buy' AS event_name, 12.5 AS value, unnest(['ada', NULL]) AS user_id";
  const devices = "unnest([NULL, 'phone']) AS stable_id";
  const loaded = await bench.load(dataset, [await bench.write(`old-${name}`, `${rows}, ${devices}`)]);
  expect(loaded.rows).toMatchObject([
    { event_name: 'buy', user_id: 'ada', unit_ids: '{"userID":"ada"}' },
    { event_name: 'buy', user_id: null, unit_ids: '{"stableID":"phone"}' },
  ]);
});

it("what Statsig's own forwarding wrote is loaded as docs/statsig-s3.md configures it", async () => {
  const page = textOf('docs', 'statsig-s3.md');
  const [, source = ''] = /```ts\n(\{\n {2}name: 'old',.*?\}),\n```/s.exec(page) ?? [];
  const { datasets }: { datasets: (DatasetInput & { name: string })[] } = JSON.parse(
    JSON.stringify(runInNewContext(`(${source})`)),
  );
  const at = "TIMESTAMP '2024-11-01 10:00:00' AS timestamp";
  const files: Readonly<Record<string, string>> = {
    events: `SELECT ${at}, 'buy' AS event_name, '12.5' AS event_value, unnest(['ada', NULL]) AS user_id, unnest([NULL, 'phone']) AS stable_id, '{}' AS statsig_metadata`,
    exposures: `SELECT ${at}, 'checkout' AS experiment_id, 'g1' AS group_id, unnest([NULL, 'ada']) AS user_id`,
  };
  const rows = await Promise.all(
    datasets.map(async ({ name, ...dataset }) => {
      const loaded = await bench.load(dataset, [await bench.write(`old-${name}`, files[name] ?? '')]);
      return loaded.rows;
    }),
  );
  expect(rows.flat()).toMatchObject([
    { event_name: 'buy', event_value: '12.5', user_id: 'ada', unit_ids: '{"userID":"ada"}' },
    { event_name: 'buy', event_value: '12.5', user_id: null, unit_ids: '{"stableID":"phone"}' },
    { experiment_id: 'checkout', group_id: 'g1', user_id: null, stable_id: null },
    { experiment_id: 'checkout', group_id: 'g1', user_id: 'ada', stable_id: null },
  ]);
});
