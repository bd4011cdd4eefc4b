import { expect, it } from '@jest/globals';
import { assignmentSource, metricSource } from '../../../cli/connect/statsigSources.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const config = defineConfig({ bucket: 'acme', database: 'acme', unitIds: { companyID: 'company_id' } });
const LOADED = '"ds" BETWEEN {statsig_start_date} AND {statsig_end_date}';

it('an assignment source has everybody who was assigned within the days of a load', () => {
  expect(assignmentSource(config).sql.split('\n')).toEqual([
    'SELECT',
    '  "timestamp",',
    '  "experiment_id",',
    '  "exposure_type",',
    '  "group_id",',
    '  COALESCE("group_name", "group_id") AS "group_name",',
    '  "user_id",',
    '  "stable_id",',
    '  "company_id",',
    '  "country",',
    '  "locale",',
    '  "app_version",',
    '  "sdk_type"',
    'FROM "acme"."experiment_exposures"',
    `WHERE ${LOADED} AND NOT "held_out"`,
  ]);
});

it('a metric source has each event once within the days of a load', () => {
  expect(metricSource(config).sql.split('\n')).toEqual([
    'SELECT',
    '  "timestamp",',
    '  "event_name",',
    '  "event_value",',
    '  "value_number",',
    '  "user_id",',
    '  "stable_id",',
    '  "company_id",',
    '  "country",',
    '  "locale",',
    '  "app_version",',
    '  "sdk_type"',
    'FROM "acme"."product_events"',
    `WHERE ${LOADED}`,
  ]);
});
