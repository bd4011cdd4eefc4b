import { afterEach, expect, it } from '@jest/globals';
import { CURATED_LEDGER, versionFilesKey } from '../../../lib/tables/ledgerKeys.ts';
import { readCuratedCalendar } from '../../../observe/facts/days/curatedCalendar.ts';
import { requestCuration } from '../../../operate/curate/requests.ts';
import {
  closeDeployments,
  dayAt,
  deploymentOf,
  ENTRIES,
  glueOf,
  listedOf,
  lists,
  NOW,
  queued,
} from '../../observe/facts/days/curatedEntries.ts';

afterEach(closeDeployments);

it('a request to curate days that have changed names all that are due, whatever they wait for', async () => {
  const working = { ...queued(30), lease: { owner: 'o', until: NOW + 1 } };
  const objects = [
    ...lists({ ...listedOf([5, 7]), ...listedOf([6, 8], 'other') }),
    [versionFilesKey(CURATED_LEDGER, 'events'), JSON.stringify({ [`${dayAt(7)}/v`]: 1 })],
  ] as const;
  const deployment = {
    ...deploymentOf({ ...ENTRIES, 15: working }, objects),
    glue: glueOf(1, 5, 6, 7, 8, 13),
  };
  // Six raw days are due, one of them failed; of those that are listed two are outdated, one lacks files, and no view reads the last.
  expect(await requestCuration(deployment, { dryRun: true, kinds: ['events'] })).toEqual({
    dryRun: true,
    asked: [{ kind: 'events', table: 'curated_events', from: dayAt(5), to: dayAt(17), days: 9 }],
  });
  const { tables } = await readCuratedCalendar(deployment, { kinds: ['events'], days: 31 });
  const states = new Set(tables[0]?.days.map(({ state }) => state));
  expect([...states].sort()).toEqual(['curating', 'failed', 'lacking', 'outdated', 'too_young', 'waiting']);
});
