import { afterAll, beforeEach, expect, it } from '@jest/globals';
import type { Deployment } from '../../../observe/deployment.ts';
import { requestCuration, requestRebuild } from '../../../operate/curate/requests.ts';
import { type Operated, startOperated } from '../startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

/** A request for days that nobody may ask for. */
const daysRefused = (request: Promise<unknown>) =>
  expect(request).rejects.toMatchObject({ code: 'SLUICE_DAYS_INVALID' });

it('a request to curate days again names kinds and days that are over long enough', async () => {
  const range = { from: '2026-11-20', to: '2026-11-21', kinds: ['events' as const] };
  await requestRebuild(deployment, { ...range, dryRun: true });
  expect(await operated.requests('curate-plan')).toEqual([]);
  await requestRebuild(deployment, { ...range, dryRun: false });
  expect(await operated.requests('curate-plan')).toEqual([
    { sluice: 'curate', asked: 'rebuild', kinds: ['events'], days: ['2026-11-20', '2026-11-21'] },
  ]);
  await requestRebuild(deployment, { ...range, from: '2026-10-21', dryRun: false });
  const rebuilt = (await operated.requests('curate-plan')).slice(1) as { days: string[] }[];
  expect(rebuilt.map(({ days }) => [days[0], days.length])).toEqual([
    ['2026-10-21', 31],
    ['2026-11-21', 1],
  ]);
  const late = { ...range, dryRun: false, to: '2026-11-22' };
  expect(await requestRebuild(deployment, { ...range, dryRun: true })).toEqual({
    dryRun: true,
    asked: [{ kind: 'events', table: 'curated_events', from: '2026-11-20', to: '2026-11-21', days: 2 }],
  });
  await daysRefused(requestRebuild(deployment, late));
  const off = { ...deployment, config: { ...deployment.config, curate: false } };
  for (const request of [requestRebuild, requestCuration])
    await expect(request(off, { ...range, dryRun: true })).rejects.toMatchObject({
      code: 'SLUICE_CURATE_OFF',
    });
});
