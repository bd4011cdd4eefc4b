import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Deployment } from '../../../observe/deployment.ts';
import { requestExport } from '../../../operate/export/requests.ts';
import { type Operated, startOperated } from '../startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

describe('a request to export', () => {
  const request = { sluice: 'export', exports: ['raw'] };
  // The lookback of the export is two days, and today is the 24th.
  const lookback = { export: 'raw', from: '2026-11-22', to: '2026-11-23', days: 2 };

  it('without days is of the changed days of each lookback', async () => {
    expect(await requestExport(deployment, { dryRun: false })).toEqual({ dryRun: false, asked: [lookback] });
    expect(await operated.requests('export')).toEqual([request]);
  });

  it('names its days', async () => {
    const asked = { dryRun: false, export: 'raw', from: '2026-11-20', to: '2026-11-21' };
    expect(await requestExport(deployment, asked)).toMatchObject({
      asked: [{ export: 'raw', from: '2026-11-20', to: '2026-11-21', days: 2 }],
    });
    expect(await operated.requests('export')).toEqual([{ ...request, days: ['2026-11-20', '2026-11-21'] }]);
  });

  it.each([
    { drop: true, more: { drop: true } },
    { drop: false, more: {} },
  ])('of one day has copies removed as it says: $drop', async ({ drop, more }) => {
    await requestExport(deployment, { dryRun: false, from: '2026-11-23', drop });
    expect(await operated.requests('export')).toEqual([{ ...request, days: ['2026-11-23'], ...more }]);
  });

  it.each([
    { what: 'without days', days: {}, asked: lookback },
    {
      what: 'of days',
      days: { from: '2026-11-21', to: '2026-11-23' },
      asked: { export: 'raw', from: '2026-11-21', to: '2026-11-23', days: 3 },
    },
  ])('$what is not sent in a dry run, which tells the days', async ({ days, asked }) => {
    const dry = { dryRun: true };
    expect(await requestExport(deployment, { ...dry, ...days })).toEqual({ ...dry, asked: [asked] });
    expect(await operated.requests('export')).toEqual([]);
  });

  it.each([
    { what: 'it is of today', days: { from: '2026-11-24' } },
    { what: 'it has a last day alone', days: { to: '2026-11-23' } },
    { what: 'copies are to be removed of no named day', days: { drop: true } },
  ])('is refused if $what', async ({ days }) => {
    await expect(requestExport(deployment, { dryRun: false, ...days })).rejects.toMatchObject({
      code: 'SLUICE_DAYS_INVALID',
    });
    expect(await operated.requests('export')).toEqual([]);
  });

  it('is refused if there is no such export', async () => {
    await expect(requestExport(deployment, { dryRun: true, export: 'row' })).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_UNKNOWN',
    });
  });
});
