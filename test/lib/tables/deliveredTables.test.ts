import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';

const tables = deliveredTables(
  defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id', workspaceID: 'workspace_id' } }),
);
const names = (kind: TableKind) => tables[kind].columns.map(({ name }) => name).join(' ');

describe('deliveredTables', () => {
  it('includes the exposures table of the design with its columns in order', () => {
    expect(names('exposures')).toBe(
      'event_id experiment_id exposure_type group_id group_name rule_id gate_value is_assignment layer_id ' +
        'allocated_experiment parameter_name is_explicit_parameter reason config_version is_manual user_id stable_id ' +
        'company_id workspace_id custom_ids timestamp client_timestamp received_at environment user_dimensions ' +
        'secondary_exposures metadata statsig_metadata session_id sdk_type sdk_version',
    );
  });

  it('includes the events table of the design with its columns in order', () => {
    expect(names('events')).toBe(
      'event_id event_name event_value user_id stable_id company_id workspace_id custom_ids timestamp ' +
        'client_timestamp received_at environment user_object company_metadata statsig_metadata session_id sdk_type sdk_version',
    );
  });

  it('includes the quarantine table of the design with its columns in order', () => {
    expect(names('quarantine')).toBe(
      'quarantine_id received_at reason detail key_label key_environment sdk_type sdk_version path raw raw_encoding raw_location',
    );
  });

  it('partitions quarantine by the day of receipt', () => {
    expect(deliveredTables(defineConfig({ bucket: 'acme' })).quarantine.partitionKey).toEqual({
      name: 'ds',
      type: 'date',
      comment: 'UTC day it was received',
    });
  });

  it.each(tableKinds)('comments every column of %s within Glue’s 255 characters', (kind) => {
    const { columns, partitionKey } = tables[kind];
    for (const { comment } of [...columns, partitionKey]) {
      expect(comment.length).toBeGreaterThan(10);
      expect(comment.length).toBeLessThanOrEqual(255);
    }
  });
});
