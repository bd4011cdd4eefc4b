import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { views } from '../../../lib/views/views.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { textOf } from '../../harness/textOf.ts';
import { collect, input, now } from '../collect/collectOne.ts';

const config = defineConfig({ ...input, sources: [acmeSource()] });
const delivered = deliveredTables(config);
const curated = curatedTables(config);
const names = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name);

/** Columns that are null in each of some rows. */
function unfilled(columns: readonly { readonly name: string }[], rows: readonly object[]): string[] {
  const filled = new Set(
    rows.flatMap((row) => Object.entries(row).flatMap(([name, value]) => (value === null ? [] : name))),
  );
  return names(columns).filter((name) => !filled.has(name));
}

interface Listed {
  readonly name: string;
  readonly columns: readonly { readonly name: string }[];
  readonly partitionKey?: { readonly name: string };
}
const listed: readonly Listed[] = [
  ...Object.values(delivered),
  ...Object.values(curated),
  ...ingestedTables(config),
  ...Object.values(views(config)),
  groupsTable,
];
it.each(listed)('$name has no column twice', (table) => {
  const all = names([...table.columns, ...(table.partitionKey === undefined ? [] : [table.partitionKey])]);
  expect(all.filter((name, i) => all.indexOf(name) < i)).toEqual([]);
});

describe('each column is filled in some case', () => {
  const user = {
    userID: 'u',
    customIDs: { stableID: 's', companyID: 'c', 'Team-ID': 't' },
    statsigEnvironment: { tier: 'production' },
  };
  const layer = {
    config: 'layer',
    ruleID: 'rule',
    allocatedExperiment: 'homepage_hero',
    parameterName: 'title',
    isExplicitParameter: 'true',
    reason: 'Network',
    configVersion: '1',
    group: 'Test',
  };
  const batch = {
    events: [
      { eventName: 'bought', value: 9, metadata: { item: 'tea' }, user, time: now },
      {
        eventName: 'statsig::layer_exposure',
        metadata: layer,
        secondaryExposures: [{ gate: 'g', gateValue: 'true', ruleID: 'r' }],
        user,
        time: now,
      },
      {
        eventName: 'statsig::gate_exposure',
        metadata: { gate: 'g', gateValue: 'true', ruleID: 'r' },
        user,
        time: now,
      },
    ],
    statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.0.0', sessionID: 'session' },
  };
  const { exposures, rows } = collect(batch);

  it('of the forwarded tables', () => {
    expect(unfilled(delivered.exposures.columns, exposures)).toEqual([]);
    expect(unfilled(delivered.events.columns, rows)).toEqual([]);
  });

  it('but of a sender who is redacted as a whole only by what Sluice makes', () => {
    const redact = { user: 'drop', statsigMetadata: 'drop', value: 'drop', metadata: 'drop' } as const;
    const kept = collect(batch, { config: { privacy: { redact, salt: 'pepper and salt, 16 or more' } } });
    const filled = (list: readonly object[]) =>
      [...new Set(list.flatMap((row) => Object.keys(row)))].sort().join(' ');
    expect(filled(kept.exposures)).toEqual(
      'allocated_experiment client_timestamp config_version ds environment event_id experiment_id exposure_type gate_value ' +
        'group_id group_name is_assignment is_explicit_parameter is_manual layer_id metadata parameter_name reason ' +
        'received_at rule_id secondary_exposures timestamp',
    );
    expect(filled(kept.rows)).toBe(
      'client_timestamp ds environment event_id event_name received_at timestamp',
    );
    const { exposures: ofExposures, events: ofEvents } = deliveredTables(defineConfig({ bucket: 'test' }));
    const removed = unfilled(
      [...ofExposures.columns, ...ofEvents.columns],
      [...kept.exposures, ...kept.rows],
    );
    for (const name of ['privacy.md', 'send.md']) {
      const page = textOf('docs', name);
      const missing = removed.filter((column) => !page.includes(`\`${column}\``));
      expect({ name, missing }).toEqual({ name, missing: [] });
    }
  });

  it('of the curated tables, by what they are made of', () => {
    for (const { columns, raw } of Object.values(curated)) {
      expect(names(columns).filter((name) => !names(raw).includes(name))).toEqual([
        'copies',
        'copies_differ',
        'copy',
      ]);
    }
  });
});
