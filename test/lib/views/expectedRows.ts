import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { djb2, hashedNames } from '../../../lib/wire/experimentNames.ts';
import type { RawRow } from './openData.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Rows that the views must show for landed rows, computed without SQL, for the configuration of the tests.
 *
 * @param holdouts Whether the configuration or the table of experiment groups has the holdout of the rows.
 * @param named Experiments in the configuration besides `checkout` and the holdout.
 * @param known Entries of the table of experiment groups for rules. Default: no entries.
 */
export function expectedRows(
  landed: readonly RawRow[],
  events: readonly RawRow[],
  {
    holdouts,
    known = KnownGroups.none,
    named = [],
  }: { readonly holdouts: boolean; readonly known?: KnownGroups; readonly named?: readonly string[] },
) {
  const hashes = new Map(
    [...known.names, ...named, 'checkout', HOLDOUT].flatMap((name) =>
      hashedNames(name).map((hash) => [hash, name]),
    ),
  );
  const exposures = landed.map((row): RawRow => {
    const name = row['exposure_type'] === 'layer' ? hashes.get(text(row, 'experiment_id')) : undefined;
    return name === undefined ? row : { ...row, experiment_id: name, allocated_experiment: name };
  });
  const production = exposures.filter(({ environment }) => environment === 'production');
  const ruleOf = (row: RawRow) =>
    known.find(row['exposure_type'] === 'gate', text(row, 'experiment_id'), text(row, 'rule_id'));
  const isHeldOut = (row: RawRow) => {
    const rule = ruleOf(row);
    if (rule !== undefined) return rule.kind === 'holdout';
    return holdouts && secondaryRows(row, true).some(({ held_out }) => held_out);
  };
  const counted = production
    .map((row): Marked => {
      const held_out = isHeldOut(row);
      return { ...row, group_name: ruleOf(row)?.groupName ?? row['group_name'] ?? null, held_out };
    })
    .filter((row) => {
      const rule = ruleOf(row);
      if (row.held_out || rule?.assigns === true) return wouldAssign(row);
      return rule === undefined && row['is_assignment'] === true && isGroup(row);
    });
  const shown = firstReceived(counted);
  return {
    experiment_exposures: shown.map((row) => ({
      ...without(row, 'environment', 'is_assignment'),
      ...(row.held_out ? { group_id: null, group_name: null } : {}),
      ...details(row, 'user_dimensions'),
    })),
    first_exposures: firstExposures(counted),
    product_events: firstReceived(
      events.filter(
        (row) => row['environment'] === 'production' && !String(row['event_name']).startsWith('statsig::'),
      ),
    ).map((row) => ({
      ...without(row, 'environment'),
      ...eventDetails(row),
    })),
    secondary_exposures: firstReceived(production).flatMap((row) => secondaryRows(row, holdouts)),
    daily_exposures: dailyRows(shown.filter((row) => !row.held_out)),
  };
}

const UNIT_TYPES = ['user_id', 'stable_id', 'company_id'] as const;
/** Written out again, so that a rule which is dropped from the list fails. */
const NO_GROUP = new Set(
  `default disabled error prestart abandoned launchedGroup layerAssignment experimentAssignment targetingGate
  inlineTargetingRules override`.split(/\s+/),
).add('');
const HOLDOUT = 'spring_holdout';

type Marked = RawRow & { readonly held_out: boolean };

function isGroup(row: RawRow): boolean {
  return isGroupRule(String(row['rule_id']));
}

const isGroupRule = (rule: string) =>
  !NO_GROUP.has(rule) && ![':explore', ':override', ':id_override'].some((ending) => rule.endsWith(ending));

/** Whether a held-out row would be an assignment without the holdout, whatever was stored. */
function wouldAssign(row: RawRow): boolean {
  const passes = row['exposure_type'] !== 'gate' || row['gate_value'] !== null;
  return passes && isGroup(row) && row['reason'] !== 'LocalOverride:Recognized';
}

/** Of copies of one day the one that was received first. */
function firstReceived<Landed extends RawRow>(rows: readonly Landed[]): Landed[] {
  const first = new Map<unknown, Landed>();
  for (const row of rows) {
    // Copies of another day are not looked for.
    const key = `${row.ds} ${row['event_id']} ${row['experiment_id'] ?? row['event_name']}`;
    const known = first.get(key);
    if (known === undefined || text(row, 'received_at') < text(known, 'received_at')) first.set(key, row);
  }
  return [...first.values()];
}

/** Columns that are computed from the value and the JSON of an event. */
export function eventDetails(row: Row) {
  return {
    value_number: numberOf(row['event_value']),
    ...details(row, 'user_object'),
  };
}

/** Columns that are computed from the JSON of a row. */
export function details(row: Row, userColumn: string) {
  const user = parsed(row[userColumn]);
  const device = parsed(row['statsig_metadata']);
  return {
    country: scalar(user['country']),
    locale: scalar(user['locale']) ?? scalar(device['locale']),
    app_version: scalar(user['appVersion']) ?? scalar(device['appVersion']),
  };
}

function secondaryRows(row: RawRow, holdouts: boolean): Row[] {
  const list = json(row['secondary_exposures']);
  if (!Array.isArray(list)) return [];
  return list.flatMap((evaluation: unknown, index) => {
    const said: Row = typeof evaluation === 'object' && evaluation !== null ? { ...evaluation } : {};
    const { gate: sent, gateValue, ruleID = '' } = said;
    if (typeof sent !== 'string') return [];
    const gate = sent === djb2(HOLDOUT) ? HOLDOUT : sent;
    const rule = String(ruleID);
    const text = String(gateValue);
    const value = text === 'true' || text === 'false' ? text === 'true' : null;
    return [
      {
        event_id: row['event_id'],
        position: index + 1,
        gate_id: gate,
        gate_value: value,
        rule_id: rule,
        group_id: value === null ? null : `${rule}:${value ? 'Pass' : 'Fail'}`,
        is_assignment: value !== null && isGroupRule(rule),
        held_out: holdouts && gate === HOLDOUT && value === true,
        primary_id: row['experiment_id'],
        primary_type: row['exposure_type'],
        ...details(row, 'user_dimensions'),
        ...Object.fromEntries(
          [...UNIT_TYPES, 'custom_ids', 'timestamp', 'client_timestamp', 'received_at', 'user_dimensions']
            .concat(['session_id', 'sdk_type', 'sdk_version', 'ds'])
            .map((name) => [name, row[name]]),
        ),
      },
    ];
  });
}

/** Groups rows by the unit that they describe. */
function byUnit(rows: readonly Marked[], keys: readonly string[]) {
  const groups = new Map<string, { key: Row; rows: Marked[] }>();
  for (const row of rows) {
    for (const type of UNIT_TYPES) {
      const unit = row[type];
      if (unit === null) continue;
      const all: Row = {
        ...row,
        is_gate: row['exposure_type'] === 'gate',
        unit_type: type,
        unit_id: unit,
      };
      const key = Object.fromEntries(keys.map((name) => [name, all[name]]));
      const id = JSON.stringify(key);
      const group = groups.get(id) ?? { key, rows: [] };
      group.rows.push(row);
      groups.set(id, group);
    }
  }
  return [...groups.values()];
}

function firstExposures(rows: readonly Marked[]): Row[] {
  return byUnit(rows, ['experiment_id', 'is_gate', 'unit_type', 'unit_id']).flatMap(({ key, rows: all }) => {
    const own = all.filter((row) => !row.held_out);
    const [first] = own.map((row) => `${text(row, 'timestamp')} ${text(row, 'group_id')}`).sort();
    if (first === undefined) return [];
    const [day = '', time = '', group = ''] = first.split(' ');
    return [
      {
        ...key,
        group_id: group,
        group_name: nameOf(own.filter((row) => row['group_id'] === group)),
        ts: `${day} ${time}`,
        first_day: day,
        groups_seen: new Set(own.map((row) => row['group_id'])).size,
        held_out: own.length < all.length,
      },
    ];
  });
}

function dailyRows(rows: readonly Marked[]): Row[] {
  return byUnit(rows, ['experiment_id', 'is_gate', 'group_id', 'unit_type', 'ds']).map(
    ({ key, rows: own }) => {
      const times = own.map((row) => text(row, 'timestamp')).sort();
      return {
        ...key,
        group_name: nameOf(own),
        units: new Set(own.map((row) => row[String(key['unit_type'])])).size,
        exposures: own.length,
        first_ts: times.at(0),
        last_ts: times.at(-1),
      };
    },
  );
}

/** The name of a group whose rows have several: the last by letters. */
const nameOf = (rows: readonly RawRow[]) =>
  rows
    .map((row) => row['group_name'])
    .filter((name) => name !== null)
    .sort()
    .at(-1) ?? null;

function numberOf(value: unknown): number | null {
  const known: Readonly<Record<string, number>> = { '12.5': 12.5, '-3': -3, '.5': 0.5, '7.': 7, '+1e2': 100 };
  return known[String(value)] ?? null;
}

function scalar(value: unknown): string | null {
  return value === '' || value === null || value === undefined || typeof value === 'object'
    ? null
    : String(value);
}

function parsed(value: unknown): Row {
  const read = json(value);
  return typeof read === 'object' && read !== null ? { ...read } : {};
}

/** Parses JSON; null if the value is not JSON. */
function json(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : null;
  } catch {
    return null;
  }
}

function text(row: Row, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? value : '';
}

function without(row: Row, ...names: string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}
