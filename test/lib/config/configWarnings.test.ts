import { describe, expect, it } from '@jest/globals';
import { configWarnings } from '../../../lib/config/configWarnings.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource, type DatasetInput, exportTo } from '../../harness/configInput.ts';

const warned = (input: Omit<ConfigInput, 'bucket'>, stage = 'prod') =>
  configWarnings(defineConfig({ bucket: 'acme', ...input }), stage);

const salt = 'x'.repeat(16);
const source = (...datasets: DatasetInput[]) => ({
  unitIds: { companyID: 'company_id' },
  sources: [acmeSource({ datasets })],
});
const mapped = { columns: ['plan'] };

describe('a warning of packaging', () => {
  it.each<[string, Omit<ConfigInput, 'bucket'>, RegExp]>([
    ['any key in a listed stage', { allowAnyKey: true }, /^allowAnyKey: anybody/],
    ['a dropped user ID', { privacy: { salt, redact: { 'user.userID': 'drop' } } }, /user_id is null/],
    [
      'resends that Statsig counts again',
      {
        statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' },
        exports: [{ ...exportTo({}, { format: 'statsig' }), target: { bucket: 'acme-statsig' } }],
      },
      /^exports\.0\.table: "statsig_forwarded_events" has resends/,
    ],
    [
      'a dropped user',
      { privacy: { salt, redact: { user: 'drop', 'statsigMetadata.stableID': 'drop' } } },
      /it drops every unit ID/,
    ],
    [
      'a mistyped unit type of events',
      source({ name: 'orders', kind: 'events', mapping: { unitIds: { comapnyID: 'u' } } }),
      /^sources\.0\.datasets\.0\.mapping\.unitIds\.comapnyID: "comapnyID" is nearly companyID/,
    ],
    [
      'a mistyped unit type of metrics',
      source({ name: 'orders', kind: 'metrics', mapping: { idType: { constant: 'compnyID' } } }),
      /mapping\.idType: "compnyID" is nearly companyID/,
    ],
    [
      'a mistyped unit type of exposures',
      source({ name: 'orders', kind: 'exposures', mapping: { unitType: { constant: 'user_id' } } }),
      /mapping\.unitType: "user_id" is nearly userID/,
    ],
    [
      'equal folders',
      source(
        { name: 'a', kind: 'events', folder: 'x' },
        { name: 'b', kind: 'table', folder: 'x', mapping: mapped },
      ),
      /^sources\.0\.datasets\.1\.folder: "x" is the folder of datasets\.0/,
    ],
    [
      'a folder in another',
      source({ name: 'a', kind: 'events', folder: 'x/y' }, { name: 'b', kind: 'events', folder: 'x' }),
      /^sources\.0\.datasets\.1\.folder: "x"/,
    ],
  ])('names %s', (_what, input, expected) => {
    expect(warned(input)).toEqual([expect.stringMatching(expected)]);
  });

  it('is not given for what is meant', () => {
    expect(warned({ allowAnyKey: true }, 'personal-ada')).toEqual([]);
    expect(warned({ privacy: { salt, redact: { 'user.userID': 'hash', 'user.email': 'drop' } } })).toEqual(
      [],
    );
    expect(
      warned(
        source(
          { name: 'a', kind: 'events', folder: 'x', mapping: { unitIds: { companyID: 'c', deviceID: 'd' } } },
          { name: 'b', kind: 'events', folder: 'xy' },
        ),
      ),
    ).toEqual([]);
  });
});
