import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { ContentChange } from '../../../observe/facts/tables/contentChanges.ts';
import {
  changedRequests,
  datasetFacts,
  failedBy,
  failureOf,
  functionErrors,
  HOUR_MS,
  hoursAgo,
  lateDay,
  looked,
  missingChange,
  moreChange,
  NOW,
  relayWaits,
  ringingAlarm,
  wellKeys,
} from '../statusFacts.ts';
import { each } from './Case.ts';

/** A state of a deployment with another configuration. */
interface ConfiguredState {
  /** What the configuration has beside its bucket. */
  readonly config: Omit<ConfigInput, 'bucket'>;
  /** How the facts differ from those of a deployment where all is well. */
  readonly facts: Partial<StatusFacts>;
}

const OWNER = '222222222222';
const goneSdk: ContentChange = { ...missingChange, what: 'sdk', value: 'js-client', of: 400 };
const goneBuy: ContentChange = { ...missingChange, value: 'buy', of: 60 };

/** A source of the customer with these datasets. */
const sourceOf = (more: object, ...datasets: readonly string[]) => ({
  sources: [
    {
      name: 'acme',
      bucket: 'customers',
      owner: OWNER,
      region: 'eu-central-1',
      ...more,
      datasets: datasets.map((name) => ({ name, kind: 'table', mapping: { columns: { n: 'n' } } }) as const),
    } as const,
  ],
});

/** States whose findings depend on the configuration. Their findings are in findings.json. */
export const configuredCases: Readonly<Record<string, ConfiguredState>> = {
  ...each([{ url: 'https://events.acme.example/in' as const }, { statsig: true as const }], (relay) => [
    `copies wait whose target has moved: ${Object.keys(relay)}`,
    {
      config: { relay },
      facts: { ...relayWaits(5, 4), relayAnswer: { why: '308', copies: 2, at: hoursAgo(0.1) } },
    },
  ]),
  ...Object.fromEntries(
    [{ deny: ['debug_*', 'other'] }, { allow: ['other'] }, { deny: ['debug_*', 'other', 'buy'] }].map(
      (events) => [
        `three names of events stay away, of which the lists leave out ${JSON.stringify(events)}`,
        {
          config: { events },
          facts: { contentChanges: ['debug_a', 'other', 'buy'].map((value) => ({ ...goneBuy, value })) },
        },
      ],
    ),
  ),
  ...each(
    [
      { allow: ['Buy', 'view'], of: 200 },
      { allow: ['B*', 'view'], of: 200 },
      { allow: ['view'], of: 200 },
      { allow: ['view'], of: 199 },
      { allow: ['buy'], of: 200 },
    ],
    ({ allow, of }) => [
      `an SDK lacks 400 events, of which ${of} were "buy", and the list allows ${allow}`,
      { config: { events: { allow } }, facts: { contentChanges: [goneSdk, { ...goneBuy, of }] } },
    ],
  ),
  'the lists leave out more events, among them two names of the days before': {
    config: { events: { allow: ['Buy'] } },
    facts: {
      ...changedRequests({ what: 'ignored' }),
      contentChanges: [goneBuy, { ...goneBuy, value: 'pay' }],
    },
  },
  ...each(
    [
      { redact: { 'user.userID': 'drop' }, what: 'unit', value: 'absent' },
      { redact: { User: 'drop' }, what: 'unit', value: 'absent' },
      { redact: { 'user.userID': 'hash' }, what: 'unit', value: 'absent' },
      { redact: { 'user.userID': 'drop' }, what: 'unit', value: 'anonymous' },
      { redact: { 'user.email': 'drop' }, what: 'unit', value: 'absent' },
      { redact: { 'user.userid': 'hash' }, what: 'idForm', value: 'hexadecimal digests' },
      { redact: { value: 'drop' }, what: 'value', value: 'none' },
      { redact: { 'user.customIDs.companyID': 'drop' }, what: 'unitId', value: 'company_id, team_id' },
      { redact: { 'user.customIDs.teamID': 'drop' }, what: 'unitId', value: 'company_id' },
      { redact: { value: 'hash' }, what: 'value', value: 'text' },
    ] as const,
    ({ redact, what, value }) => [
      `the ${what} of an SDK is ${value}, and privacy.redact has ${JSON.stringify(redact)}`,
      {
        config: {
          privacy: { redact, salt: 'a salt for this test' },
          unitIds: { companyID: 'company_id', teamID: 'team_id' },
        },
        facts: {
          deployedAt: hoursAgo(9),
          contentChanges: [{ ...moreChange, what, value, sdk: 'js-client 3', count: 30, of: 40, usual: 0 }],
        },
      },
    ],
  ),
  ...Object.fromEntries(
    [{ allow: ['shop_layer'] }, { allow: ['checkout'] }, { allow: ['search'] }, { deny: ['shop_layer'] }].map(
      (exposures) => [
        `an experiment of a layer stays away, and the lists have ${JSON.stringify(exposures)}`,
        {
          config: { exposures },
          facts: {
            contentChanges: [
              {
                ...missingChange,
                table: 'exposures',
                what: 'experiment',
                value: 'checkout',
                label: 'shop_layer',
                of: 20,
              },
            ],
          },
        },
      ],
    ),
  ),
  ...each(
    [
      { what: 'was listed as that of another owner', lastGood: 3, owner: '111111111111' },
      { what: 'was listed as that of this owner', lastGood: 3, owner: OWNER },
      { what: 'was never listed', lastGood: null, owner: null },
    ],
    ({ what, lastGood, owner }) => [
      `the bucket of two datasets is of another account, and ${what}`,
      {
        config: sourceOf({}, 'orders', 'refunds'),
        facts: {
          datasets: ['orders', 'refunds'].flatMap(
            (dataset) =>
              looked(
                {
                  failure: {
                    code: 'SLUICE_SOURCE_OWNER_DIFFERS',
                    message: 'X.',
                    since: NOW - HOUR_MS,
                    // The other one came to the source later.
                    ...(lastGood !== null && dataset === 'orders' && { lastGood: NOW - lastGood * HOUR_MS }),
                  },
                  place: {
                    name: 's3://customers/x',
                    since: NOW - 9 * HOUR_MS,
                    ...(owner !== null && { owner }),
                  },
                },
                { dataset, late: [lateDay('2026-11-20', 2)] },
              ).datasets,
          ),
        },
      },
    ],
  ),
  'a day is denied by a key that the configuration names': {
    config: sourceOf({ kmsKeyArn: `arn:aws:kms:eu-central-1:${OWNER}:key/1` }, 'orders'),
    facts: datasetFacts({ days: [failedBy('SLUICE_SOURCE_KEY_DENIED')] }),
  },
  ...each(
    ['SLUICE_SOURCE_ACCESS_DENIED', 'SLUICE_SOURCE_KEY_DENIED', 'SLUICE_SOURCE_ROLE_DENIED'],
    (code) => [
      `a folder that a role of the customer lists fails with ${code}`,
      {
        config: sourceOf(
          { role: { arn: `arn:aws:iam::${OWNER}:role/drops`, externalId: 'sluice-1' } },
          'orders',
        ),
        facts: looked({ failure: { code, message: 'No.' } }),
      },
    ],
  ),
  ...each([{}, { reservedConcurrency: 50 }], (collector) => [
    `Lambda throttles the collector and another function, with ${JSON.stringify(collector)}`,
    {
      config: { collector },
      facts: {
        functionErrors: ['export', 'collect'].map((part) => ({
          ...functionErrors,
          part,
          errors: 0,
          throttled: 5,
        })),
        failures: { collect: failureOf('throttled', 'x'), export: failureOf('throttled', 'x') },
      },
    },
  ]),
  'the actions of two alarms are off, and that of a third is not': {
    config: { alarms: { topicArn: 'arn:aws:sns:eu-central-1:111122223333:a' } },
    facts: {
      alarms: ['overflow', 'api-5xx', 'late'].map((name) => ({
        ...ringingAlarm,
        name: `sluice-prod-${name}`,
        state: 'OK',
        notifies: name === 'late',
      })),
    },
  },
  'no key is in the list, and any may post': {
    config: { allowAnyKey: true },
    facts: { keys: { ...wellKeys, senders: [] } },
  },
};
