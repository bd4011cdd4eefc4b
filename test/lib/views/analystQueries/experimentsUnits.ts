import type { AnalystQuery } from './AnalystQuery.ts';
import { dayBefore, exposureRows, type Minute, minuteSql, noonBefore, text, valuesOf } from './madeRows.ts';
import { onMadeRows, partOf, sqlBelow } from './onMadeRows.ts';

/** An exposure of a user, whose company came in a column or among the custom IDs. */
interface ExposureOfCompany {
  readonly user: string;
  readonly group: string;
  readonly at: Minute;
  /** Of the column `company_id`, which was configured late; null before. */
  readonly company: string | null;
  readonly customIds: object;
}

/** An exposure of a user on November 20th to a gate, or to a config if it has no value. */
interface GateExposure {
  readonly name: string;
  readonly user: string;
  readonly value: boolean | null;
  readonly rule: string;
  /** Default `production`. */
  readonly environment?: string;
}

/** An exposure of a user by an SDK, today. */
interface SdkExposure {
  readonly user: string | null;
  readonly group: string;
  readonly sdk: string;
  /** Default `checkout_button`. */
  readonly experiment?: string;
  /** Default false. */
  readonly isHeldOut?: boolean;
}

const restarted = sqlBelow('experiments.md', 'An experiment that began again');

/** The query of an experiment that began again, with the page's expression in place of each `user_id`. */
function restartedByLateId(): string {
  const unit = partOf('experiments.md', /`(COALESCE\(company_id, .*?'\)\))`/);
  return restarted.replaceAll(/(?<!')\buser_id\b/g, () => unit);
}

/** Rows of `experiment_exposures`. */
function companyRows(exposures: readonly ExposureOfCompany[]): string {
  const made = valuesOf(
    'experiment_id, exposure_type, user_id, company_id, custom_ids, group_id, "timestamp", ds, held_out',
    exposures.map(({ user, group, at, company, customIds }) => {
      const { time, day } = minuteSql(at);
      const ids = text(JSON.stringify(customIds));
      return [
        text('checkout_button'),
        text('config'),
        text(user),
        text(company),
        ids,
        text(group),
        time,
        day,
        false,
      ];
    }),
  );
  return `SELECT *, group_id AS group_name FROM (${made})`;
}

/** Rows of `statsig_forwarded_exposures`. */
function gateRows(exposures: readonly GateExposure[]): string {
  return valuesOf(
    'experiment_id, user_id, gate_value, rule_id, environment, exposure_type, ds',
    exposures.map(({ name, user, value, rule, environment = 'production' }) => [
      text(name),
      text(user),
      `CAST(${value} AS boolean)`,
      text(rule),
      text(environment),
      text(value === null ? 'config' : 'gate'),
      "DATE '2026-11-20'",
    ]),
  );
}

/** Rows of `experiment_exposures`. */
function sdkRows(exposures: readonly SdkExposure[]): string {
  return valuesOf(
    'ds, experiment_id, user_id, group_id, sdk_type, held_out',
    exposures.map(({ user, group, sdk, experiment = 'checkout_button', isHeldOut = false }) => [
      'current_date',
      text(experiment),
      text(user),
      text(group),
      text(sdk),
      isHeldOut,
    ]),
  );
}

/** Rows of exposures, in the order of the columns that the query of what one user saw needs. */
function seenRows(
  exposures: readonly (readonly [at: Minute, user: string, name: string])[],
): readonly (readonly (string | boolean)[])[] {
  return exposures.map(([at, user, name]) => {
    const { time, day } = minuteSql(at);
    return [day, time, text(user), text(name), text('r1'), true, text('Network:Recognized'), text('3.9')];
  });
}

/** Rows of users with an address: the table calls it so, and views of exposures have `user_dimensions`. */
function addressRows(
  column: string,
  addresses: readonly (readonly [user: string | null, email: string])[],
): string {
  return valuesOf(
    `user_id, ${column}, ds`,
    addresses.map(([user, email]) => [text(user), text(JSON.stringify({ email })), 'current_date']),
  );
}

/** The queries of docs/experiments.md that count units and exposures. */
export const unitQueries: readonly AnalystQuery[] = [
  {
    title: 'Crossovers',
    sql: onMadeRows(sqlBelow('experiments.md', 'Crossovers'), {
      experiment_exposures: sdkRows([
        { user: 'ada', group: 'B', sdk: 'py-server' },
        { user: 'ada', group: 'A', sdk: 'js-client' },
        { user: 'bob', group: 'A', sdk: 'js-client' },
        { user: 'bob', group: 'A', sdk: 'py-server' },
        { user: 'bob', group: 'B', sdk: 'js-client', experiment: 'homepage_hero' },
        { user: 'cyd', group: 'A', sdk: 'js-client' },
        { user: 'cyd', group: 'B', sdk: 'js-client' },
        { user: 'dan', group: 'A', sdk: 'js-client' },
        { user: 'dan', group: '', sdk: 'js-client', isHeldOut: true },
        { user: null, group: 'A', sdk: 'js-client' },
        { user: null, group: 'B', sdk: 'js-client' },
      ]),
    }),
    answers: [
      ['A, B', 'js-client', '1'],
      ['A, B', 'js-client, py-server', '1'],
    ],
  },
  {
    title: 'Crossovers: what one user saw',
    sql: onMadeRows(partOf('experiments.md', /What one user saw.*?`(SELECT .*?)`/), {
      statsig_forwarded_exposures: valuesOf(
        'ds, "timestamp", user_id, experiment_id, group_id, gate_value, reason, app_version',
        seenRows([
          ['11-20 10:01', 'ada', 'checkout_button'],
          ['11-20 10:00', 'ada', 'new_cart'],
          ['11-20 10:00', 'bob', 'new_cart'],
          ['11-19 23:59', 'ada', 'homepage_hero'],
        ]),
      ),
    }),
    answers: [
      ['2026-11-20 10:00:00', 'new_cart', 'r1', 'true', 'Network:Recognized', '3.9'],
      ['2026-11-20 10:01:00', 'checkout_button', 'r1', 'true', 'Network:Recognized', '3.9'],
    ],
  },
  {
    // Ada is of the country of her first exposure to the experiment; of cyd none is known.
    title: 'Conversion: by the country of the first exposure',
    sql: onMadeRows(
      `SELECT t.trait, count(*) FROM users AS f ${partOf('experiments.md', /`(JOIN \(SELECT user_id, min_by.*?)`/)} GROUP BY 1 ORDER BY 1`,
      {
        users: valuesOf('unit_id', [[text('ada')], [text('bob')], [text('cyd')]]),
        experiment_exposures: valuesOf('ds, "timestamp", user_id, experiment_id, country', [
          [dayBefore(20), noonBefore(20), text('ada'), text('checkout_button'), text('DE')],
          [dayBefore(10), noonBefore(10), text('ada'), text('checkout_button'), text('US')],
          [dayBefore(30), noonBefore(30), text('ada'), text('homepage_hero'), text('US')],
          [dayBefore(10), noonBefore(10), text('bob'), text('checkout_button'), text('DE')],
          [dayBefore(10), noonBefore(10), text('cyd'), text('checkout_button'), text(null)],
        ]),
      },
    ),
    answers: [
      ['DE', '2'],
      [null, '1'],
    ],
  },
  {
    title: 'Experiments without units',
    sql: onMadeRows(sqlBelow('experiments.md', 'Experiments without units'), {
      statsig_forwarded_exposures: valuesOf(
        'ds, experiment_id, environment, rule_id, is_assignment, user_id, stable_id',
        [
          [
            'current_date',
            text('checkout_button'),
            text('production'),
            text('default'),
            false,
            text('ada'),
            text('phone'),
          ],
          [
            'current_date',
            text('checkout_button'),
            text('production'),
            text('default'),
            false,
            text(null),
            text('phone'),
          ],
          [
            'current_date',
            text('checkout_button'),
            text('staging'),
            text('r1'),
            true,
            text('bob'),
            text(null),
          ],
          [
            'current_date',
            text('homepage_hero'),
            text('production'),
            text('r2'),
            true,
            text('cyd'),
            text(null),
          ],
        ],
      ),
    }),
    answers: [
      ['production', 'default', 'false', '2', '1', '2'],
      ['staging', 'r1', 'true', '1', '1', '0'],
    ],
  },
  {
    title: 'An experiment that began again',
    sql: onMadeRows(restarted, {
      experiment_exposures: exposureRows([
        ['11-02 10:00', 'ada', 'Control'],
        ['11-10 08:59', 'bob', 'Control'],
        ['11-10 09:00', 'ada', 'Test'],
        ['11-11 10:00', 'bob', 'Test'],
        ['11-11 10:00', 'cyd', 'Control'],
        ['11-12 10:00', 'cyd', 'Test'],
        ['11-11 10:00', 'dan', ''],
        ['11-11 10:00', 'eve', 'r1:Pass', 'gate'],
      ]),
    }),
    answers: [
      ['Control', '1', '1'],
      ['Test', '2', '0'],
    ],
  },
  {
    title: 'An experiment that began again: by an ID that came late',
    sql: onMadeRows(restartedByLateId(), {
      experiment_exposures: companyRows([
        { user: 'ada', group: 'Control', at: '11-10 10:00', company: null, customIds: { companyID: 'acme' } },
        { user: 'bob', group: 'Test', at: '11-20 10:00', company: 'acme', customIds: { companyID: 'acme' } },
        {
          user: 'cyd',
          group: 'Test',
          at: '11-20 10:00',
          company: 'other',
          customIds: { companyID: 'other' },
        },
        { user: 'dan', group: 'Test', at: '11-20 10:00', company: null, customIds: {} },
      ]),
    }),
    answers: [
      ['Control', '1', '1'],
      ['Test', '1', '0'],
    ],
  },
  {
    title: 'Gates and dynamic configs',
    sql: onMadeRows(sqlBelow('experiments.md', 'Gates and dynamic configs'), {
      statsig_forwarded_exposures: gateRows([
        { name: 'new_cart', user: 'ada', value: true, rule: 'r1' },
        { name: 'new_cart', user: 'ada', value: true, rule: 'r1' },
        { name: 'new_cart', user: 'ada', value: false, rule: 'default' },
        { name: 'new_cart', user: 'bob', value: false, rule: 'default' },
        { name: 'new_cart', user: 'cyd', value: false, rule: 'disabled' },
        { name: 'new_cart', user: 'not evaluated', value: false, rule: '' },
        { name: 'new_cart', user: 'a test', value: true, rule: 'r1', environment: 'staging' },
        { name: 'old_cart', user: 'ada', value: true, rule: 'r2' },
        { name: 'a config', user: 'ada', value: null, rule: 'r3' },
      ]),
    }),
    answers: [
      ['new_cart', '1', '3'],
      ['old_cart', '1', '0'],
    ],
  },
  {
    // Of four users one has an address of the company in events, and one in exposures. Who has no ID takes nobody with them.
    title: 'Without some people',
    sql: onMadeRows(
      `SELECT f.unit_id FROM users AS f WHERE true ${sqlBelow('experiments.md', 'Without some people')} ORDER BY 1`,
      {
        users: valuesOf('unit_id', [[text('ada')], [text('bob')], [text('cyd')], [text('dan')]]),
        product_events: addressRows('user_object', [
          ['ada', 'ada@acme.com'],
          ['bob', 'bob@example.com'],
          [null, 'eve@acme.com'],
        ]),
        experiment_exposures: addressRows('user_dimensions', [
          ['dan', 'dan@acme.com'],
          ['bob', 'bob@example.com'],
        ]),
      },
    ),
    answers: [['bob'], ['cyd']],
  },
];
