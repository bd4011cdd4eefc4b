import { describe, expect, it } from '@jest/globals';
import { configWarnings } from '../../../lib/config/configWarnings.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource, type DatasetInput, exportTo } from '../../harness/configInput.ts';

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
  it.each<{
    readonly what: string;
    readonly input: Omit<ConfigInput, 'bucket'>;
    readonly field: string;
  }>([
    { what: 'any key in a listed stage', input: { allowAnyKey: true }, field: 'allowAnyKey' },
    {
      what: 'a dropped user ID',
      input: { privacy: { salt, redact: { 'user.userID': 'drop' } } },
      field: 'privacy.redact',
    },
    {
      what: 'a dropped user',
      input: { privacy: { salt, redact: { user: 'drop', 'statsigMetadata.stableID': 'drop' } } },
      field: 'privacy.redact',
    },
    {
      what: 'events whose resends Statsig counts again',
      input: forStatsig(EVENTS),
      field: 'exports.0.table',
    },
    {
      what: 'exposures whose resends Statsig counts again',
      input: forStatsig('statsig_forwarded_exposures'),
      field: 'exports.0.table',
    },
    {
      what: 'a database of others without locations',
      input: {
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
      field: 'readers.0.alsoReads.1',
    },
    {
      what: 'a mistyped unit type of events',
      input: source(
        { name: 'clicks', kind: 'events' },
        { name: 'orders', kind: 'events', mapping: { unitIds: { comapnyID: 'u' } } },
      ),
      field: 'sources.0.datasets.1.mapping.unitIds.comapnyID',
    },
    {
      what: 'a mistyped unit type of metrics',
      input: source({ name: 'orders', kind: 'metrics', mapping: { idType: { constant: 'compnyID' } } }),
      field: 'sources.0.datasets.0.mapping.idType',
    },
    {
      what: 'a mistyped unit type of exposures',
      input: source({ name: 'orders', kind: 'exposures', mapping: { unitType: { constant: 'user_id' } } }),
      field: 'sources.0.datasets.0.mapping.unitType',
    },
    {
      what: 'equal folders',
      input: source(
        { name: 'a', kind: 'events', folder: 'x' },
        { name: 'b', kind: 'table', folder: 'x', mapping: mapped },
      ),
      field: 'sources.0.datasets.1.folder',
    },
    {
      what: 'a folder in another',
      input: source({ name: 'a', kind: 'events', folder: 'x/y' }, { name: 'b', kind: 'events', folder: 'x' }),
      field: 'sources.0.datasets.1.folder',
    },
  ])('names the field of $what', ({ input, field }) => {
    expect(warnedFields(input)).toEqual([field]);
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
