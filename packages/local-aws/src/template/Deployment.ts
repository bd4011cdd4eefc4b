import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import type { HttpApi } from '../gateway/HttpApi.ts';
import type { RecursiveLoop } from '../lambda/EventSourceMapping.ts';
import type { BucketSettings } from '../s3/model/bucketSettings.ts';
import type { Schedule } from '../scheduler/index.ts';

/** A resource whose properties one service receives unchanged and validates itself. */
export interface Part {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Its name in the service. */
  readonly name: string;
  /** Its ARN. */
  readonly arn: string;
  /** The properties as the template has them, with evaluated functions. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A bucket of the template. */
export interface DeployedBucket {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Name of the bucket. */
  readonly name: string;
  /** Whether its object events go to EventBridge. */
  readonly eventBridge: boolean;
  /** Encryption, lifecycle, public access, versioning and policy, as API calls return them. */
  readonly settings: BucketSettings;
  /** ARN of the bucket's default key; set where no resource of the template states it. */
  readonly keyArn?: string | undefined;
}

/** A Glue database of the template. */
export interface DeployedDatabase {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Name of the database. */
  readonly name: string;
  /** Glue's `DatabaseInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A Glue table of the template. */
export interface DeployedTable {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Name of the database that the table is in. */
  readonly databaseName: string;
  /** Name of the table. */
  readonly name: string;
  /** Glue's `TableInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** An Athena workgroup of the template. */
export interface DeployedWorkGroup {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Name of the workgroup. */
  readonly name: string;
  /** Properties that Athena receives unchanged. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A function of the template and the location of its code. */
export interface DeployedFunction {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Name of the function. */
  readonly name: string;
  /** ARN of the function. */
  readonly arn: string;
  /** The handler as in the template: `build/collect/handler.handler`. */
  readonly handler: string;
  /** The module in the package's directory, `build/collect/handler.mjs`, and the name of its export. */
  readonly modulePath: string;
  /** Name of the module's export that is invoked. */
  readonly exportName: string;
  /** The function's own environment variables; empty without any. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds after which an invocation is ended. */
  readonly timeoutSeconds: number;
  /** Executions at the same time above which the function is throttled. Undefined: no limit of its own. */
  readonly reservedConcurrency?: number | undefined;
  /** Memory in MB. */
  readonly memoryMb: number;
  /** ARN of its execution role, as whose session the function makes its calls. */
  readonly role: string;
  /** Whether Lambda's own lines in its log are JSON. Default false: text. */
  readonly hasJsonLog?: boolean | undefined;
  /** How Lambda handles a chain of the function's own messages. */
  readonly recursiveLoop: RecursiveLoop;
}

/** An event source mapping: it passes messages of a queue to a function. */
export interface DeployedMapping {
  /** Its name in the template. */
  readonly logicalId: string;
  /** ARN of the queue. */
  readonly queueArn: string;
  /** Name of the function. */
  readonly functionName: string;
  /** Messages of one batch at the most. */
  readonly batchSize: number;
  /** How long to wait for a batch to fill. */
  readonly windowSeconds: number;
  /** Batches that are processed at the same time. Undefined: as many as Lambda begins with. */
  readonly maximumConcurrency: number | undefined;
  /** Whether the function reports the failed messages of a batch: `ReportBatchItemFailures`. */
  readonly partialResponses: boolean;
  /** Whether messages are passed at all. */
  readonly enabled: boolean;
}

/** Everything that the local cloud creates from a template. */
export interface Deployment {
  /** The buckets, with the policies that the template gives them. */
  readonly buckets: readonly DeployedBucket[];
  /** The databases of Glue. */
  readonly databases: readonly DeployedDatabase[];
  /** The tables of Glue. */
  readonly tables: readonly DeployedTable[];
  /** The delivery streams of Firehose. */
  readonly deliveryStreams: readonly Part[];
  /** The secrets. */
  readonly secrets: readonly Part[];
  /** The workgroups of Athena. */
  readonly workGroups: readonly DeployedWorkGroup[];
  /** The keys of KMS. */
  readonly keys: readonly Part[];
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
