import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { compileMapping } from '../../../lib/drops/mapping/compileMapping.ts';
import { writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import { mergeGroups } from '../../../lib/groups/groupsTable.ts';
import { readSpecs } from '../../../lib/groups/readSpecs.ts';
import { quarantineWriter } from '../../../lib/landing/quarantineWriter.ts';
import type { FileColumn, FileSchema } from '../../../lib/parquet/FileSchema.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { views } from '../../../lib/views/views.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';
import { textOf } from '../../harness/textOf.ts';
import { collect, input, now } from '../collect/collectOne.ts';

const texts = { unitIds: { userID: 'user', companyID: 'company' }, metadata: { plan: 'plan' } };
const config = defineConfig({
  ...input,
  sources: [
    acmeSource({
      datasets: [
        {
          name: 'events',
          kind: 'events',
          mapping: { timestamp: 'time', eventName: 'name', eventValue: 'value', ...texts },
        },
        {
          name: 'metrics',
          kind: 'metrics',
          mapping: {
            date: 'time',
            unitId: 'user',
            idType: 'type',
            metricName: 'name',
            metricValue: 'value',
            numerator: 'over',
            denominator: 'under',
          },
        },
        {
          name: 'exposures',
          kind: 'exposures',
          mapping: {
            timestamp: 'time',
            experiment: 'name',
            group: 'value',
            unitId: 'user',
            unitType: 'type',
            metadata: texts.metadata,
          },
        },
        {
          name: 'orders',
          kind: 'table',
          mapping: { columns: { plan: { type: 'string', column: 'plan' } } },
        },
      ],
    }),
  ],
});
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
      { eventName: '', user, time: now },
    ],
    statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.0.0', sessionID: 'session' },
  };
  const { exposures, rows, refused } = collect(batch);

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

  it('of quarantine', () => {
    const [item] = refused;
    const large = { code: 'SLUICE_BODY_NOT_JSON' as const, detail: 'No.', raw: 'x'.repeat(2_000_000) };
    const { documents } = quarantineWriter(config)(item === undefined ? [] : [item, large], {
      receivedAt: now,
      keyLabel: 'web',
      keyEnvironment: 'staging',
      keyHash: 'h',
      senderId: 's',
      sdkType: 'js-client',
      sdkVersion: '3.0.0',
      path: '/v1/rgstr',
    });
    expect(
      unfilled(
        delivered.quarantine.columns,
        documents.map((document) => JSON.parse(document)),
      ),
    ).toEqual([]);
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

  it.each(['events', 'metrics', 'exposures', 'orders'])('of the dataset %s', (name) => {
    const [source] = config.sources;
    const dataset = source?.datasets.find((candidate) => candidate.name === name);
    const table = ingestedTables(config).find((candidate) => candidate.dataset === name);
    if (source === undefined || dataset === undefined || table === undefined) throw new Error('no dataset');
    const { groups } = compileMapping({ source, dataset, unitIds: { companyID: 'company_id' } }, [schema]);
    const selected = groups[0]?.columns ?? '';
    const mapped = Object.fromEntries(
      names(table.columns).map((column) => [column, selected.includes(` AS "${column}"`) ? column : null]),
    );
    expect(unfilled(table.columns, [mapped])).toEqual([
      ...(name === 'events' ? ['team_id'] : []),
      'source_file',
      'row_number',
      'ingested_at',
    ]);
    expect(selected).not.toMatch(/(?:^|, )CAST\(NULL AS \w+\) AS/);
  });

  it('of the experiment groups', () => {
    const specs = ['running', 'ended'] as const;
    const rules = specs.flatMap(
      (state) => readSpecs(Buffer.from(JSON.stringify(experimentSpecs(state, now)))).rules,
    );
    const lines = writeGroupRows(mergeGroups([], rules, now).rows)
      .trimEnd()
      .split('\n');
    expect(
      unfilled(
        groupsTable.columns,
        lines.map((line) => JSON.parse(line)),
      ),
    ).toEqual([]);
  });
});

const column = (name: string, type = 'VARCHAR'): FileColumn => ({
  name,
  sqlName: name,
  type,
  isUnknownBytes: false,
  isUtc: true,
  isNanoseconds: false,
  misread: null,
  isEmpty: false,
  leaves: null,
  members: [],
});
/** A file of a customer with all that the mappings name. */
const schema: FileSchema = {
  name: 'day/a.parquet',
  path: '/a.parquet',
  rows: 1,
  decodedBytes: 1,
  mayHaveChecksums: false,
  largePages: [],
  columns: [
    column('time', 'TIMESTAMP'),
    ...['name', 'value', 'user', 'company', 'type', 'over', 'under', 'plan'].map((name) => column(name)),
  ],
};
