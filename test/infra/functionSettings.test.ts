import { expect, it } from '@jest/globals';
import { serviceConfiguration } from '../../infra/serverless/service.ts';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

/** The functions of all configurations. */
const functions = Object.values(templateConfigurations).flatMap((configuration) => {
  const { config } = madeResources(configuration);
  return Object.entries(serviceConfiguration({ config, service: 'acme', stage: 'prod' }).functions);
});

/** The numbers of a setting, each behind the names on the way to it. */
function settingsOf(setting: unknown, path: string): readonly string[] {
  if (typeof setting === 'number') return [`${path} ${setting}`];
  if (typeof setting !== 'object' || setting === null) return [];
  return Object.entries(setting).flatMap(([name, inner]) =>
    settingsOf(inner, Array.isArray(setting) ? path : `${path}.${name}`.replace(/^\./, '')),
  );
}

it('functions have these numbers in some configuration', () => {
  const namesBySetting = Map.groupBy(
    functions.flatMap(([name, settings]) => settingsOf(settings, '').map((setting) => ({ name, setting }))),
    ({ setting }) => setting,
  );
  const lines = Array.from(namesBySetting, ([setting, alike]) => {
    const names = new Set(alike.map(({ name }) => name));
    return `${setting}: ${[...names].sort().join(', ')}`;
  });
  expect(lines.sort()).toEqual([
    'ephemeralStorageSize 10240: curate, export, ingest-load',
    'ephemeralStorageSize 2048: write',
    'events.sqs.batchSize 1000: write',
    'events.sqs.batchSize 100: curate-plan, register',
    'events.sqs.batchSize 10: relay',
    'events.sqs.batchSize 1: curate, export, ingest-load, ingest-plan',
    'events.sqs.maximumBatchingWindow 10: register',
    'events.sqs.maximumBatchingWindow 20: write',
    'events.sqs.maximumBatchingWindow 60: curate-plan',
    'events.sqs.maximumConcurrency 2: curate, curate-plan, export, ingest-load, ingest-plan, register, relay, write',
    'memorySize 1024: collect, export, ingest-plan',
    'memorySize 1769: curate, export, ingest-load, write',
    'memorySize 512: curate-plan, ingest-trigger, reconcile, register, relay',
    'reservedConcurrency 50: collect',
    'timeout 10: collect',
    'timeout 120: relay',
    'timeout 20: ingest-trigger',
    'timeout 300: curate-plan, ingest-plan',
    'timeout 60: register',
    'timeout 900: curate, export, ingest-load, reconcile, write',
  ]);
});

/** A variable's value: a text, or the name of what it refers to. */
const valueText = (value: unknown) =>
  typeof value === 'string' ? value : Object.values(Object(value)).flat().join('.');

it('functions have these variables in some configuration', () => {
  const variables = functions.flatMap(([name, { environment }]) =>
    Object.entries(environment).map(([variable, value]) => `${name} ${variable} ${valueText(value)}`),
  );
  expect([...new Set(variables)].sort()).toEqual([
    'collect SLUICE_BUCKET acme-experiments',
    'collect SLUICE_KEYS_SECRET KeysSecret',
    'collect SLUICE_RELAY_QUEUE RelayQueue',
    'collect SLUICE_STREAM LandingStream',
    'curate HOME /tmp',
    'curate SLUICE_BUCKET acme-experiments',
    'curate SLUICE_PLAN_QUEUE CuratePlanQueue',
    'curate SLUICE_TASK_QUEUE CurateQueue',
    'curate SLUICE_TRIES 10',
    'curate-plan SLUICE_BUCKET acme-experiments',
    'curate-plan SLUICE_TASK_QUEUE CurateQueue',
    'export HOME /tmp',
    'export SLUICE_BUCKET acme-experiments',
    'export SLUICE_EXPORT_QUEUE ExportQueue',
    'export SLUICE_ROLE ExportRole.Arn',
    'ingest-load HOME /tmp',
    'ingest-load SLUICE_BUCKET acme-experiments',
    'ingest-load SLUICE_LOAD_QUEUE IngestLoadQueue',
    'ingest-load SLUICE_ROLE IngestLoadRole.Arn',
    'ingest-load SLUICE_TRIES 10',
    'ingest-plan SLUICE_BUCKET acme-experiments',
    'ingest-plan SLUICE_PLAN_QUEUE IngestPlanQueue',
    'ingest-plan SLUICE_TASK_QUEUE IngestLoadQueue',
    'ingest-trigger SLUICE_BUCKET acme-experiments',
    'ingest-trigger SLUICE_KEYS_SECRET KeysSecret',
    'ingest-trigger SLUICE_PLAN_QUEUE IngestPlanQueue',
    'reconcile SLUICE_AFTER_SECONDS 150',
    'reconcile SLUICE_BUCKET acme-experiments',
    'reconcile SLUICE_COLLECT CollectLambdaFunction',
    'reconcile SLUICE_REGISTER RegisterLambdaFunction',
    'reconcile SLUICE_STREAM LandingStream',
    'register SLUICE_BUCKET acme-experiments',
    'relay SLUICE_BUCKET acme-experiments',
    'relay SLUICE_RELAY_DEAD_LETTERS RelayDeadLetterQueue',
    'relay SLUICE_RELAY_QUEUE RelayQueue',
    'write HOME /tmp',
    'write SLUICE_WRITE_QUEUE WriteQueue',
  ]);
});
