import { deliveredTables } from '../lib/tables/deliveredTables.ts';
import { bucketName } from './data/bucketArn.ts';
import { databaseName, stagingDatabaseName } from './data/databaseName.ts';
import { keyArn } from './data/keyArn.ts';
import { exportOutputs } from './drops/export.ts';
import { readerOutputs } from './readers/readers.ts';
import { workgroupName } from './readers/workgroupName.ts';
import { sub } from './template/intrinsics.ts';
import type { Output } from './template/Resource.ts';
import { logicalIds, partName, type Stack } from './template/Stack.ts';

/** What whoever deployed needs next: where to point SDKs, and where the data is. */
export function outputs(stack: Stack): Readonly<Record<string, Output>> {
  const tables = deliveredTables(stack.config);
  return {
    CollectorUrl: {
      Description: 'Point SDKs here; any path but the reserved ones will do, /v1/rgstr for example',
      Value: sub(`https://\${${logicalIds.httpApi}}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`),
    },
    DataBucketName: { Description: 'Bucket that everything lands in', Value: bucketName(stack) },
    KeysSecretName: {
      Description: 'Secret with the SDK keys that `sluice keys` adds',
      Value: partName(stack, 'keys'),
    },
    DatabaseName: { Description: 'Glue database of the tables', Value: databaseName(stack) },
    StagingDatabaseName: {
      Description: 'Glue database in which Statsig makes tables of its own',
      Value: stagingDatabaseName(stack),
    },
    WorkgroupName: { Description: 'Athena workgroup to query in', Value: workgroupName(stack) },
    KeyArn: { Description: 'KMS key that the bucket is encrypted with', Value: keyArn(stack) },
    ExposuresTableName: { Description: tables.exposures.comment, Value: tables.exposures.name },
    EventsTableName: { Description: tables.events.comment, Value: tables.events.name },
    QuarantineTableName: { Description: tables.quarantine.comment, Value: tables.quarantine.name },
    ...readerOutputs(stack),
    ...exportOutputs(stack),
  };
}
