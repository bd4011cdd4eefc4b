import type { Config } from '../../lib/schema/config.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import { resources, type StackResources } from '../resources.ts';
import { queryableSeconds } from '../streams/streams.ts';
import { type FunctionPart, functionWork, LONGEST, type Work, workOf } from '../template/functionWork.ts';
import { getAtt, ref, type Value } from '../template/Resource.ts';
import { idOf, LOAD_ROLE, logicalIds, type Stack } from '../template/Stack.ts';
import { unusedFunctions } from '../template/unusedFunctions.ts';

/** A trigger of a function, in the terms of Serverless. */
type FunctionEvent =
  /** A route of the HTTP API: `POST /`. */
  | { readonly httpApi: string }
  | {
      readonly sqs: {
        readonly arn: Value;
        readonly batchSize: number;
        /** Seconds for which a batch is gathered. */
        readonly maximumBatchingWindow?: number;
        readonly functionResponseType: 'ReportBatchItemFailures';
        readonly maximumConcurrency: number;
      };
    };

/** Settings of a function: https://www.serverless.com/framework/docs/providers/aws/guide/functions */
interface FunctionSettings {
  readonly description: string;
  /** MiB. */
  readonly memorySize: number;
  /** MiB of `/tmp`. Default Lambda's 512. */
  readonly ephemeralStorageSize?: number;
  /** Seconds. Default: the timeout in {@link functionWork}, or {@link LONGEST}. */
  readonly timeout?: number;
  readonly reservedConcurrency?: number;
  readonly recursiveLoop?: 'Allow';
  /** Logical IDs of resources that are deployed before the function. */
  readonly dependsOn?: readonly string[];
  readonly environment: Readonly<Record<string, Value>>;
  readonly events: readonly FunctionEvent[];
}

/** A function as Serverless expects it. */
interface ServiceFunction extends FunctionSettings {
  readonly timeout: number;
  readonly role: Value;
  readonly handler: string;
  readonly logs: { readonly logFormat: string; readonly systemLogLevel?: string };
  readonly package: { readonly patterns: readonly string[] };
}

/**
 * Functions that handle requests. They log without Lambda's three lines for each request, which would cost more than
 * the request's own lines.
 */
const OF_REQUESTS: readonly string[] = ['collect', 'relay'];

/**
 * Functions that run DuckDB; exports that write for Statsig do, too. infra/build/placeBinding.ts puts its binding into
 * their `node_modules/`.
 */
const WITH_DUCKDB: readonly string[] = ['write', 'ingest-load', 'curate'];

/**
 * The deployment in the terms of Serverless, before serverless.yml's own settings:
 * https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
 */
export interface ServiceConfiguration {
  readonly service: string;
  /** Settings that all functions share, and those of the gateway, the bucket of deployments and logs. */
  readonly provider: {
    readonly runtime: string;
    readonly architecture: Config['architecture'];
    readonly versionFunctions: boolean;
    readonly region: string;
    readonly deploymentBucket: { readonly blockPublicAccess: boolean };
    /** Variables of every function, in addition to its own. */
    readonly environment: { readonly SLUICE_STAGE: string };
    readonly logRetentionInDays: number;
    /** Absent without tags. */
    readonly stackTags?: Config['tags'];
    /** Absent without tags. */
    readonly tags?: Config['tags'];
    readonly httpApi: {
      readonly cors: {
        readonly allowedOrigins: readonly string[];
        readonly allowedHeaders: readonly string[];
        readonly allowedMethods: readonly string[];
        /** Seconds. */
        readonly maxAge: number;
      };
    };
  };
  readonly package: {
    readonly individually: boolean;
    readonly excludeDevDependencies: boolean;
    readonly patterns: readonly string[];
  };
  /** The functions that the configuration needs, by their names. */
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  /** Names of functions that the configuration does not need. */
  readonly unused: readonly string[];
  readonly resources: StackResources;
}

/**
 * The deployment in the terms of Serverless: the functions with their triggers, the settings that all of them share,
 * and every other resource. serverless.yml has a deployment's own settings, which take precedence over these.
 *
 * @param stack The stack, whose region is the one that is deployed to.
 */
export function serviceConfiguration(stack: Stack): ServiceConfiguration {
  const { config } = stack;
  return {
    service: config.service,
    provider: {
      runtime: 'nodejs24.x',
      architecture: config.architecture,
      // Nothing uses versions, and CloudFormation would keep every one of them.
      versionFunctions: false,
      region: config.region,
      deploymentBucket: { blockPublicAccess: true },
      environment: { SLUICE_STAGE: metricStage(stack) },
      logRetentionInDays: config.logs.retentionDays,
      ...tagsOf(config),
      httpApi: {
        // The gateway answers preflights, and the function sets no CORS headers.
        cors: {
          allowedOrigins: ['*'],
          allowedHeaders: ['*'],
          // SDKs of browsers read rules by GET.
          allowedMethods: config.passThrough === null ? ['POST'] : ['GET', 'POST'],
          maxAge: 86_400,
        },
      },
    },
    package: {
      individually: true,
      // The bundles hold all they need, so Serverless need not look for dependencies.
      excludeDevDependencies: false,
      patterns: ['!**'],
    },
    functions: functionsOf(stack),
    unused: unusedFunctions(config),
    resources: resources(stack),
  };
}

/** The largest size of a resource that Serverless makes, bytes. Without tags it has 400. */
const MADE_BYTES = 600;

/**
 * Counts the resources that Serverless adds to a stack: a bucket and its policy, a log group for each function, and the
 * mappings and routes of events.
 */
export function madeByServerless(stack: Stack): { readonly resources: number; readonly bytes: number } {
  const functions = Object.values(functionsOf(stack));
  const events = functions.map((settings) => settings.events);
  // Each function with a route has an integration and a permission, and all of them share one API with a stage.
  const routed = events.filter((functionEvents) => functionEvents.some((event) => 'httpApi' in event)).length;
  const resources = 2 + 2 * functions.length + events.flat().length + 2 * routed + (routed > 0 ? 2 : 0);
  return { resources, bytes: resources * MADE_BYTES };
}

/** CloudFormation puts `stackTags` on what can have tags. `tags` are in the template, so that a change of them alone is deployed. */
function tagsOf({ tags }: Pick<Config, 'tags'>) {
  return Object.keys(tags).length === 0 ? {} : { stackTags: tags, tags };
}

/** The functions that the configuration needs, by their names. */
function functionsOf({ config }: Pick<Stack, 'config'>): Readonly<Record<string, ServiceFunction>> {
  const unused = unusedFunctions(config);
  const isServed = hasGateway(config.endpoint);
  const used = Object.entries(serviceFunctions(config)).filter(([name]) => !unused.includes(name));
  return Object.fromEntries(
    used.map(([name, settings]) => [
      name,
      {
        ...settings,
        timeout: settings.timeout ?? workOf(name)?.timeout ?? LONGEST,
        role: getAtt(idOf(name, 'Role')),
        handler: `build/${name}/handler.handler`,
        // In JSON, Lambda's lines have the status of a run, by which `sluice status` finds runs that failed.
        logs: { logFormat: 'JSON', ...(OF_REQUESTS.includes(name) ? { systemLogLevel: 'WARN' } : {}) },
        package: {
          patterns: [
            `build/${name}/*.mjs`,
            ...(WITH_DUCKDB.includes(name) || (name === 'export' && exportsForStatsig(config))
              ? [`build/${name}/node_modules/**`]
              : []),
          ],
        },
        // Serverless makes an HTTP API only for routes.
        events: settings.events.filter((event) => isServed || !('httpApi' in event)),
      },
    ]),
  );
}

function exportsForStatsig({ exports }: Pick<Stack['config'], 'exports'>): boolean {
  return exports.some(({ format }) => format === 'statsig');
}

/** Every function by its name, including those that a configuration does not need. */
export function serviceFunctions(config: Stack['config']): Readonly<Record<string, FunctionSettings>> {
  const SLUICE_BUCKET = config.bucket;
  const keys = { SLUICE_KEYS_SECRET: ref(logicalIds.keysSecret) };
  return {
    collect: {
      description: 'Takes events from Statsig SDKs and puts them into the landing',
      memorySize: 1024,
      // SDKs wait no longer than this.
      timeout: 10,
      ...reserved(config.collector.reservedConcurrency),
      // The writer of the same release reads what the collector puts into the landing.
      dependsOn: ['WriteLambdaFunction'],
      environment: {
        SLUICE_STREAM: ref(logicalIds.stream),
        SLUICE_BUCKET,
        ...keys,
        ...(config.relay === undefined ? {} : { SLUICE_RELAY_QUEUE: ref('RelayQueue') }),
      },
      // Methods other than POST are refused with a code and a cure, because SDKs read rules by GET. The routes don't
      // use ANY, which would take browsers' preflights from the gateway (requirements.ts).
      events: routes(
        'POST /',
        'POST /{proxy+}',
        'GET /{proxy+}',
        'HEAD /{proxy+}',
        'PUT /{proxy+}',
        'PATCH /{proxy+}',
        'DELETE /{proxy+}',
      ),
    },
    register: {
      description:
        'Registers the partitions of new files, and every hour of today, tomorrow and days that lack one',
      memorySize: 512,
      environment: { SLUICE_BUCKET },
      events: [queue('register', { batchSize: 100 })],
    },
    write: {
      description: 'Makes files of tables of the requests that landed',
      memorySize: 1769,
      // This is for the lines of a round, the data that DuckDB spills, and the files.
      ephemeralStorageSize: 2_048,
      environment: {
        SLUICE_WRITE_QUEUE: ref('WriteQueue'),
        HOME: '/tmp',
      },
      // The writer sends messages of forgotten objects to its own queue, once an hour.
      recursiveLoop: 'Allow',
      // While Firehose accepts nothing, each request is an object, and many objects become files together.
      events: [queue('write', { batchSize: 1_000, maximumConcurrency: config.write.concurrency })],
    },
    'ingest-plan': {
      description: "Finds customers' drops that are new or changed",
      memorySize: 1024,
      environment: {
        SLUICE_BUCKET,
        SLUICE_PLAN_QUEUE: ref('IngestPlanQueue'),
        SLUICE_TASK_QUEUE: ref('IngestLoadQueue'),
      },
      // The plan sends to its own queue, at most as often as MAX_ROUNDS in lib/drops/limits.ts says.
      recursiveLoop: 'Allow',
      // A request may take all of the function's time.
      events: [queue('ingest-plan', { batchSize: 1 })],
    },
    'ingest-trigger': {
      description: 'Starts the ingest of a source whose owner says that its data is ready',
      memorySize: 512,
      timeout: 20,
      environment: { SLUICE_BUCKET, ...keys, SLUICE_PLAN_QUEUE: ref('IngestPlanQueue') },
      events: routes('POST /v1/mark_data_ready_dwh'),
    },
    'ingest-load': {
      description: "Loads one day of a customer's drop into its table",
      // One whole CPU; DuckDB's threads and memory follow it (lib/lambda/machine.ts).
      memorySize: 1769,
      // This is for a day's files, temporary files and the result.
      ephemeralStorageSize: 10_240,
      environment: {
        SLUICE_BUCKET,
        // The function assumes its role again for each load, limited to its dataset.
        SLUICE_ROLE: getAtt(LOAD_ROLE),
        SLUICE_LOAD_QUEUE: ref('IngestLoadQueue'),
        // After the last of these tries the day fails.
        SLUICE_TRIES: String(functionWork['ingest-load'].receives),
        // /tmp is the only folder that a function may write to.
        HOME: '/tmp',
      },
      // The load sends to its own queue, at most as often as a day has pieces.
      recursiveLoop: 'Allow',
      // A piece of a day may take all of the function's time.
      events: [queue('ingest-load', { batchSize: 1 })],
    },
    export: {
      description: "Writes the days of tables that are new or changed to customers' buckets",
      // To rewrite files for Statsig, it needs one whole CPU, and room for a file before and after.
      ...(exportsForStatsig(config)
        ? { memorySize: 1769, ephemeralStorageSize: 10_240 }
        : { memorySize: 1024 }),
      environment: {
        SLUICE_BUCKET,
        SLUICE_EXPORT_QUEUE: ref('ExportQueue'),
        // The function assumes its role again for each task, limited to its export.
        SLUICE_ROLE: getAtt(idOf('export', 'Role')),
        ...(exportsForStatsig(config) ? { HOME: '/tmp' } : {}),
      },
      // The export sends to its own queue, at most as often as MAX_ROUNDS in lib/export/limits.ts says.
      recursiveLoop: 'Allow',
      events: [queue('export', { batchSize: 1 })],
    },
    'curate-plan': {
      description: 'Finds days to curate, and says in the views which days are curated',
      memorySize: 512,
      environment: { SLUICE_BUCKET, SLUICE_TASK_QUEUE: ref('CurateQueue') },
      // Most messages are about new files of the raw tables.
      events: [queue('curate-plan', { batchSize: 100 })],
    },
    curate: {
      description: 'Rewrites a day of exposures or events without resends and sorted',
      memorySize: 1769,
      // This is for a part of a day's files, and the files made of them.
      ephemeralStorageSize: 10_240,
      environment: {
        SLUICE_BUCKET,
        SLUICE_PLAN_QUEUE: ref('CuratePlanQueue'),
        SLUICE_TASK_QUEUE: ref('CurateQueue'),
        // After the last of these tries the day fails.
        SLUICE_TRIES: String(functionWork.curate.receives),
        HOME: '/tmp',
      },
      // The function sends to its own queue: a task for the next slice of a day, at most as often as MOST_SLICES in
      // planCuration.ts says.
      recursiveLoop: 'Allow',
      events: [queue('curate', { batchSize: 1 })],
    },
    reconcile: {
      description: 'Says whether what was accepted and what was finished agree, by hour and table',
      memorySize: 512,
      environment: {
        SLUICE_BUCKET,
        SLUICE_COLLECT: ref('CollectLambdaFunction'),
        SLUICE_REGISTER: ref('RegisterLambdaFunction'),
        SLUICE_STREAM: ref(logicalIds.stream),
        SLUICE_AFTER_SECONDS: String(queryableSeconds(config)),
      },
      events: [],
    },
    relay: {
      description: 'Delivers copies of requests to Statsig, or to another target',
      memorySize: 512,
      environment: {
        SLUICE_BUCKET,
        SLUICE_RELAY_QUEUE: ref('RelayQueue'),
        SLUICE_RELAY_DEAD_LETTERS: ref('RelayDeadLetterQueue'),
      },
      // All copies of a batch are sent at the same time.
      events: [queue('relay', { batchSize: 10, maximumConcurrency: config.relay?.concurrency ?? 2 })],
    },
  };
}

/**
 * The number of a deployment's queues, and how many executions their functions use at once, which are then not left for
 * the collector.
 */
export function queueExecutions(config: Stack['config']): { readonly queues: number; readonly most: number } {
  const limits = Object.values(functionsOf({ config })).flatMap(({ events }) =>
    events.flatMap((event) => ('sqs' in event ? event.sqs.maximumConcurrency : [])),
  );
  return { queues: limits.length, most: limits.reduce((sum, limit) => sum + limit, 0) };
}

function reserved(concurrency: number | null): { readonly reservedConcurrency?: number } {
  return concurrency === null ? {} : { reservedConcurrency: concurrency };
}

function routes(...keys: readonly string[]): readonly FunctionEvent[] {
  return keys.map((httpApi) => ({ httpApi }));
}

function queue(
  part: FunctionPart,
  { batchSize, maximumConcurrency = 2 }: { readonly batchSize: number; readonly maximumConcurrency?: number },
): FunctionEvent {
  const { window }: Work = functionWork[part];
  return {
    sqs: {
      arn: getAtt(idOf(part, 'Queue')),
      batchSize,
      ...(window === undefined ? {} : { maximumBatchingWindow: window }),
      functionResponseType: 'ReportBatchItemFailures',
      maximumConcurrency,
    },
  };
}
