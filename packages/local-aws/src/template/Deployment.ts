import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import type { HttpApi } from '../gateway/HttpApi.ts';
import type { RecursiveLoop } from '../lambda/EventSourceMapping.ts';
import type { BucketSettings } from '../s3/model/bucketSettings.ts';
import type { Schedule } from '../scheduler/index.ts';

/** A bucket of the template, or one that exists beside it. */
export interface DeployedBucket {
  /** Name of the bucket. */
  readonly name: string;
  /** Whether its object events go to EventBridge. */
  readonly eventBridge: boolean;
  /** Encryption, lifecycle, public access, versioning and policy, as API calls return them. */
  readonly settings: BucketSettings;
  /** ARN of the bucket's default key. Only of a bucket that exists beside the template: another has it in its settings. */
  readonly keyArn?: string | undefined;
}

/** A Glue database of the template, or one that exists beside it. */
export interface DeployedDatabase {
  /** Name of the database. */
  readonly name: string;
  /** Glue's `DatabaseInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A Glue table of the template. */
export interface DeployedTable {
  /** Name of the database that the table is in. */
  readonly databaseName: string;
  /** Name of the table. */
  readonly name: string;
  /** Glue's `TableInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** An Athena workgroup that exists beside the template. */
export interface DeployedWorkGroup {
  /** Name of the workgroup. */
  readonly name: string;
  /** Properties that Athena receives unchanged. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A function of the template and the location of its code. */
export interface DeployedFunction {
  /** Name of the function. */
  readonly name: string;
  /** ARN of the function. */
  readonly arn: string;
  /** Path of the module in the package's directory: `build/collect/handler.mjs`. */
  readonly modulePath: string;
  /** Name of the module's export that is invoked. */
  readonly exportName: string;
  /** The function's own environment variables; empty without any. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds after which an invocation is ended. */
  readonly timeoutSeconds: number;
  /** Executions at the same time above which the function is throttled; undefined without a limit of its own. */
  readonly reservedConcurrency: number | undefined;
  /** Memory in MB. */
  readonly memoryMb: number;
  /** ARN of its execution role, as whose session the function makes its calls. */
  readonly role: string;
  /** Whether Lambda's own lines in its log are JSON; otherwise they are text. */
  readonly hasJsonLog: boolean;
  /** How Lambda handles a chain of the function's own messages. */
  readonly recursiveLoop: RecursiveLoop;
}

/** An event source mapping: it passes messages of a queue to a function. */
export interface DeployedMapping {
  /** ARN of the queue. */
  readonly queueArn: string;
  /** Name of the function. */
  readonly functionName: string;
  /** Messages of one batch at the most. */
  readonly batchSize: number;
  /** Seconds to wait for a batch to fill; 0 to pass on messages at once. */
  readonly windowSeconds: number;
  /** Batches that are processed at the same time. Undefined: five, as many as Lambda begins with (startTriggers.ts). */
  readonly maximumConcurrency: number | undefined;
  /** Whether the function reports the failed messages of a batch: `ReportBatchItemFailures`. */
  readonly partialResponses: boolean;
  /** Whether messages are passed at all. */
  readonly enabled: boolean;
}

/**
 * What the local cloud runs of a template, and the buckets, whose keys and events it must know. Services make the resources that
 * they keep, such as queues and tables, one after the other: resourceHandlers.ts.
 */
export interface Deployment {
  /** The buckets, with the policies that the template gives them. */
  readonly buckets: readonly DeployedBucket[];
  /** Names of the delivery streams of Firehose. */
  readonly deliveryStreams: readonly string[];
  /** The schedules that are not disabled. */
  readonly schedules: readonly Schedule[];
  /** The functions of Lambda. */
  readonly functions: readonly DeployedFunction[];
  /** The mappings of queues to functions. */
  readonly eventSourceMappings: readonly DeployedMapping[];
  /** The HTTP API; undefined if the template has none. */
  readonly httpApi: HttpApi | undefined;
  /** The Function URLs. */
  readonly functionUrls: readonly FunctionUrl[];
}
