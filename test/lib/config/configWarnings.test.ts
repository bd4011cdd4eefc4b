import { describe, expect, it } from '@jest/globals';
import { configWarnings } from '../../../lib/config/configWarnings.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource, type DatasetInput, exportTo } from '../../harness/configInput.ts';
import { byPath } from './problemPaths.ts';

const warnedFields = (input: Omit<ConfigInput, 'bucket'>, stage = 'prod') =>
  configWarnings(defineConfig({ bucket: 'acme', ...input }), stage).map(({ field }) => field);

const salt = 'x'.repeat(16);
const source = (...datasets: DatasetInput[]) => ({
  unitIds: { companyID: 'company_id' },
  sources: [acmeSource({ datasets })],
});
const EVENTS = 'statsig_forwarded_events';
/** An export of a table into Statsig's own bucket. */
const forStatsig = (table: string): Omit<ConfigInput, 'bucket'> => ({
  statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' },
  exports: [{ ...exportTo({}, { format: 'statsig', table }), target: { bucket: 'acme-statsig' } }],
});
const mapped = { columns: ['plan'] };

describe('a warning of packaging', () => {
  it.each(
    byPath<Omit<ConfigInput, 'bucket'>>({
      allowAnyKey: { 'any key in a listed stage': { allowAnyKey: true } },
      'privacy.redact': {
        'a dropped user ID': { privacy: { salt, redact: { 'user.userID': 'drop' } } },
        'a dropped user': { privacy: { salt, redact: { user: 'drop', 'statsigMetadata.stableID': 'drop' } } },
      },
      'exports.0.table': {
        'events whose resends Statsig counts again': forStatsig(EVENTS),
        'exposures whose resends Statsig counts again': forStatsig('statsig_forwarded_exposures'),
      },
      'readers.0.alsoReads.1': {
        'a database of others without locations': {
          readers: [
            {
              kind: 'metabase',
              name: 'bi',
              alsoReads: [
                { database: 'finance', locations: ['s3://acme-finance/a/'] },
                { database: 'reports' },
              ],
            },
          ],
        },
      },
      'sources.0.datasets.1.mapping.unitIds.comapnyID': {
        'a mistyped unit type of events': source(
          { name: 'clicks', kind: 'events' },
          { name: 'orders', kind: 'events', mapping: { unitIds: { comapnyID: 'u' } } },
        ),
      },
      'sources.0.datasets.0.mapping.idType': {
        'a mistyped unit type of metrics': source({
          name: 'orders',
          kind: 'metrics',
          mapping: { idType: { constant: 'compnyID' } },
        }),
      },
      'sources.0.datasets.0.mapping.unitType': {
        'a mistyped unit type of exposures': source({
          name: 'orders',
          kind: 'exposures',
          mapping: { unitType: { constant: 'user_id' } },
        }),
      },
      'sources.0.datasets.1.folder': {
        'equal folders': source(
          { name: 'a', kind: 'events', folder: 'x' },
          { name: 'b', kind: 'table', folder: 'x', mapping: mapped },
        ),
        'a folder in another': source(
          { name: 'a', kind: 'events', folder: 'x/y' },
          { name: 'b', kind: 'events', folder: 'x' },
        ),
      },
    }),
  )('names the field of $what', ({ input, path }) => {
    expect(warnedFields(input)).toEqual([path]);
  });

  it('is not given for what is meant', () => {
    expect(warnedFields({ allowAnyKey: true }, 'personal-ada')).toEqual([]);
    expect(warnedFields(forStatsig('curated_events'))).toEqual([]);
    expect(warnedFields({ exports: [exportTo({}, { table: EVENTS })] })).toEqual([]);
    const redact = { 'user.userID': 'hash', 'user.email': 'drop' } as const;
    expect(warnedFields({ privacy: { salt, redact } })).toEqual([]);
    const unitIds = { companyID: 'c', deviceID: 'd' };
    const datasets = source(
      { name: 'a', kind: 'events', folder: 'x', mapping: { unitIds } },
      { name: 'b', kind: 'events', folder: 'xy' },
    );
    expect(warnedFields(datasets)).toEqual([]);
  });
});
