import type { Clock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import { Faults } from '../faults/Faults.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import type { Catalog } from './Catalog.ts';
import { validationError } from './errors.ts';
import { partitionBatches, partitionOperations } from './partitionOperations.ts';
import { databaseOperations, tableOperations } from './tableOperations.ts';

export { Catalog } from './Catalog.ts';
export { readCatalog } from './catalogFiles.ts';
export {
  type DatabaseEntry,
  insertPartition,
  isView,
  parseLocation,
  partitionFolder,
  partitionKeyValue,
  removePartition,
  replacePartition,
  type S3Folder,
  type TableEntry,
} from './entries.ts';
export type { Column, StorageDescriptor, TableInput } from './inputs.ts';
export { EXPANDED_TEXT, encodePrestoView, readPrestoView } from './prestoView.ts';

/** Limit of a request, bytes: a batch of 100 partitions of a wide table takes several megabytes. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;

/** The API of AWS Glue's Data Catalog: databases, tables and partitions. */
export function glueService(options: {
  /** Holds databases, tables and partitions. */
  readonly catalog: Catalog;
  /** The clock of times of creation. */
  readonly clock: Clock;
  /** The catalog's ID. */
  readonly account: string;
  /** Injected failures of items of batches. Default: none. */
  readonly faults?: Faults;
}): AwsService {
  const { faults = new Faults() } = options;
  const now = () => options.clock.now();
  return jsonService({
    signingName: 'glue',
    targetPrefix: 'AWSGlue',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'TableName', 'Name'),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    operations: {
      ...databaseOperations(options),
      ...tableOperations(options),
      ...partitionOperations(options, now),
      ...partitionBatches({ ...options, faults }, now),
    },
  });
}
