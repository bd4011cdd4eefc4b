import { exportsForStatsig } from '../../lib/schema/exports.ts';
import { queryableSeconds } from '../streams/streams.ts';
import { type FunctionPart, functionWork, type Work } from '../template/functionWork.ts';
import { getAtt, ref, type Value } from '../template/Resource.ts';
import { idOf, LOAD_ROLE, logicalIds, type Stack } from '../template/Stack.ts';

/** A trigger of a function, in the terms of Serverless. */
type FunctionEvent =
  /** A route of the HTTP API: `POST /`. */
  | { readonly httpApi: string }
  | {
      /** A queue. */
      readonly sqs: {
        /** ARN of the queue. */
        readonly arn: Value;
        /** Messages of an invocation at most. */
        readonly batchSize: number;
        /** Seconds for which a batch is gathered. */
        readonly maximumBatchingWindow?: number;
        /** The function answers which messages have failed, and only these come again. */
        readonly functionResponseType: 'ReportBatchItemFailures';
        /** Invocations at once. */
        readonly maximumConcurrency: number;
      };
    };

/** Settings of a function: https://www.serverless.com/framework/docs/providers/aws/guide/functions */
export interface FunctionSettings {
  /** What the function does, in a sentence that Lambda's console shows. */
  readonly description: string;
  /** MiB. */
  readonly memorySize: number;
  /** MiB of `/tmp`. Default Lambda's 512. */
  readonly ephemeralStorageSize?: number;
  /** Seconds. Default: the timeout in {@link functionWork}, or `LONGEST` of functionWork.ts. */
  readonly timeout?: number;
  /** Invocations at once, which are kept for it. Default: no limit of its own. */
  readonly reservedConcurrency?: number;
  /** `Allow` for a function that sends messages to its own queue. Default: Lambda ends such a loop. */
  readonly recursiveLoop?: 'Allow';
  /** Logical IDs of resources that are deployed before the function. */
  readonly dependsOn?: readonly string[];
  /** The function's own variables; empty without any. */
  readonly environment: Readonly<Record<string, Value>>;
  /** What invokes it; empty for a function that only others invoke. */
  readonly events: readonly FunctionEvent[];
}

/** Functions by their names. */
type Functions = Readonly<Record<string, FunctionSettings>>;

/** Every function by its name, including those that a configuration does not need. */
export function serviceFunctions(config: Stack['config']): Functions {
  return {
    ...landingFunctions(config),
    ...ingestFunctions(config),
    ...exportFunction(config),
    ...curateFunctions(config),
    ...reconcileFunction(config),
    ...relayFunction(config),
  };
}

/**
 * Memory of functions, MiB. With that of a whole CPU, DuckDB's threads and memory follow it (lib/lambda/machine.ts).
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
const MEMORY_MIB = { small: 512, usual: 1024, wholeCpu: 1769 };
/**
 * Room in `/tmp`, MiB: the most that Lambda gives, and enough for a round of the writer.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
 */
const STORAGE_MIB = { round: 2_048, most: 10_240 };
/** SDKs wait no longer than this for the collector, seconds. */
const COLLECT_SECONDS = 10;
/** Seconds that the owner of a source waits for the start of an ingest. */
const TRIGGER_SECONDS = 20;

/** The way of an event: from SDKs to the landing, to files of tables, and to partitions. */
function landingFunctions(config: Stack['config']): Functions {
  return {
    collect: {
      description: 'Takes events from Statsig SDKs and puts them into the landing',
      memorySize: MEMORY_MIB.usual,
      timeout: COLLECT_SECONDS,
      ...reserved(config.collector.reservedConcurrency),
      // The writer of the same release reads what the collector puts into the landing.
      dependsOn: ['WriteLambdaFunction'],
      environment: {
        SLUICE_STREAM: ref(logicalIds.stream),
        SLUICE_BUCKET: config.bucket,
        SLUICE_KEYS_SECRET: ref(logicalIds.keysSecret),
        ...(config.relay === undefined ? {} : { SLUICE_RELAY_QUEUE: ref('RelayQueue') }),
      },
      // Methods other than POST are refused with a code and a cure, because SDKs read rules by GET. The routes don't
      // use ANY, which would take browsers' preflights from the gateway (requirements.ts). A greedy variable takes the
      // children of a path, not the path: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
      events: ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
        routes(`${method} /`, `${method} /{proxy+}`),
      ),
    },
    register: {
      description:
        'Registers the partitions of new files, and every hour of today, tomorrow and days that lack one',
      memorySize: MEMORY_MIB.small,
      environment: { SLUICE_BUCKET: config.bucket },
      events: [queue('register', { batchSize: 100 })],
    },
    write: {
      description: 'Makes files of tables of the requests that landed',
      memorySize: MEMORY_MIB.wholeCpu,
      // This is for the lines of a round, the data that DuckDB spills, and the files.
      ephemeralStorageSize: STORAGE_MIB.round,
      environment: {
        SLUICE_WRITE_QUEUE: ref('WriteQueue'),
        HOME: '/tmp',
      },
      // The writer sends messages of forgotten objects to its own queue, once an hour.
      recursiveLoop: 'Allow',
      // While Firehose accepts nothing, each request is an object, and many objects become files together.
      events: [queue('write', { batchSize: 1_000, maximumConcurrency: config.write.concurrency })],
    },
  };
}

/** The way of a customer's drop: what is new, who says that data is ready, and the load of a day. */
function ingestFunctions(config: Stack['config']): Functions {
  return {
    'ingest-plan': {
      description: "Finds customers' drops that are new or changed",
      memorySize: MEMORY_MIB.usual,
      environment: {
        SLUICE_BUCKET: config.bucket,
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
      memorySize: MEMORY_MIB.small,
      timeout: TRIGGER_SECONDS,
      environment: {
        SLUICE_BUCKET: config.bucket,
        SLUICE_KEYS_SECRET: ref(logicalIds.keysSecret),
        SLUICE_PLAN_QUEUE: ref('IngestPlanQueue'),
      },
      events: routes('POST /v1/mark_data_ready_dwh'),
    },
    'ingest-load': {
      description: "Loads one day of a customer's drop into its table",
      memorySize: MEMORY_MIB.wholeCpu,
      // This is for a day's files, temporary files and the result.
      ephemeralStorageSize: STORAGE_MIB.most,
      environment: {
        SLUICE_BUCKET: config.bucket,
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
  };
}

/** Exports to customers' buckets. */
function exportFunction(config: Stack['config']): Functions {
  return {
    export: {
      description: "Writes the days of tables that are new or changed to customers' buckets",
      // To rewrite files for Statsig, it needs one whole CPU, and room for a file before and after.
      ...(exportsForStatsig(config)
        ? { memorySize: MEMORY_MIB.wholeCpu, ephemeralStorageSize: STORAGE_MIB.most }
        : { memorySize: MEMORY_MIB.usual }),
      environment: {
        SLUICE_BUCKET: config.bucket,
        SLUICE_EXPORT_QUEUE: ref('ExportQueue'),
        // The function assumes its role again for each task, limited to its export.
        SLUICE_ROLE: getAtt(idOf('export', 'Role')),
        ...(exportsForStatsig(config) ? { HOME: '/tmp' } : {}),
      },
      // The export sends to its own queue, at most as often as MAX_ROUNDS in lib/export/limits.ts says.
      recursiveLoop: 'Allow',
      events: [queue('export', { batchSize: 1 })],
    },
  };
}

/** Curated days: which are due, and the curation of one. */
function curateFunctions(config: Stack['config']): Functions {
  return {
    'curate-plan': {
      description: 'Finds days to curate, and says in the views which days are curated',
      memorySize: MEMORY_MIB.small,
      environment: { SLUICE_BUCKET: config.bucket, SLUICE_TASK_QUEUE: ref('CurateQueue') },
      // Most messages are about new files of the raw tables.
      events: [queue('curate-plan', { batchSize: 100 })],
    },
    curate: {
      description: 'Rewrites a day of exposures or events without resends and sorted',
      memorySize: MEMORY_MIB.wholeCpu,
      // This is for a part of a day's files, and the files made of them.
      ephemeralStorageSize: STORAGE_MIB.most,
      environment: {
        SLUICE_BUCKET: config.bucket,
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
  };
}

/** The nightly judgement of received hours. */
function reconcileFunction(config: Stack['config']): Functions {
  return {
    reconcile: {
      description: 'Says whether what was accepted and what was finished agree, by hour and table',
      memorySize: MEMORY_MIB.small,
      environment: {
        SLUICE_BUCKET: config.bucket,
        SLUICE_COLLECT: ref('CollectLambdaFunction'),
        SLUICE_REGISTER: ref('RegisterLambdaFunction'),
        SLUICE_STREAM: ref(logicalIds.stream),
        SLUICE_AFTER_SECONDS: String(queryableSeconds(config)),
      },
      events: [],
    },
  };
}

/** Copies of requests for another target. */
function relayFunction(config: Stack['config']): Functions {
  return {
    relay: {
      description: 'Delivers copies of requests to Statsig, or to another target',
      memorySize: MEMORY_MIB.small,
      environment: {
        SLUICE_BUCKET: config.bucket,
        SLUICE_RELAY_QUEUE: ref('RelayQueue'),
        SLUICE_RELAY_DEAD_LETTERS: ref('RelayDeadLetterQueue'),
      },
      // All copies of a batch are sent at the same time.
      events: [
        queue('relay', { batchSize: 10, maximumConcurrency: config.relay?.concurrency ?? USUAL_CONCURRENCY }),
      ],
    },
  };
}

/** The executions that are reserved for a function; none for null. */
function reserved(concurrency: number | null): { readonly reservedConcurrency?: number } {
  return concurrency === null ? {} : { reservedConcurrency: concurrency };
}

/** Invocations at once of a queue's function, which is the least that Lambda takes: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const USUAL_CONCURRENCY = 2;

/** Triggers of routes. */
function routes(...keys: readonly string[]): readonly FunctionEvent[] {
  return keys.map((httpApi) => ({ httpApi }));
}

/**
 * The trigger of the queue of a function.
 *
 * @param messages.batchSize Messages of an invocation at most.
 * @param messages.maximumConcurrency Invocations at once, by default {@link USUAL_CONCURRENCY}.
 */
function queue(
  part: FunctionPart,
  {
    batchSize,
    maximumConcurrency = USUAL_CONCURRENCY,
  }: { readonly batchSize: number; readonly maximumConcurrency?: number },
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
