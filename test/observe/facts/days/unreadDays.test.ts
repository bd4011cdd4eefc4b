import { afterEach, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { CURATED_LEDGER } from '../../../../lib/tables/ledgerKeys.ts';
import { unreadVersions } from '../../../../observe/facts/days/unreadDays.ts';
import { closeDeployments, dayAt, deploymentOf, glueOf } from './curatedEntries.ts';

afterEach(closeDeployments);

it('queries read a day whose partition has its folder below a former Statsig folder', async () => {
  const moved = defineConfig({
    bucket: 'own',
    statsigFolder: 'present',
    formerStatsigFolders: [{ folder: 'statsig', until: '2026-11-26' }],
  });
  const version = { filesWritten: ['a'], rows: { in: 9, out: 5, refused: 0 } };
  const deployment = deploymentOf({ 6: version, 7: version }, []);
  const found = await unreadVersions(
    { ...deployment, glue: glueOf(6), config: moved },
    'curated_events',
    [dayAt(6), dayAt(7)],
    (day) => ({ source: CURATED_LEDGER, dataset: 'events', day }),
  );
  expect(found.map(({ day }) => day)).toEqual([dayAt(7)]);
});
