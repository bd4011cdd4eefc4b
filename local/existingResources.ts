import type { Config } from '../lib/schema/config.ts';
import type { OwoxReader } from '../lib/schema/readers.ts';
import { QUERY_RESULTS_FOLDER } from '../lib/tables/objectKeys.ts';
import { newBucketSettings } from '../packages/local-aws/src/s3/index.ts';
import type { ExistingResources } from '../packages/local-aws/src/server/provision.ts';
import type { DeployedBucket, DeployedWorkGroup } from '../packages/local-aws/src/template/index.ts';

/** Resources that the configuration takes as existing, because nothing else creates them locally. */
export function existingResources(config: Config): Required<ExistingResources> {
  const { existing, database, athena } = config;
  const owoxReaders = config.readers.filter((reader) => reader.kind === 'owox');
  return {
    buckets: [
      ...(existing.bucket ? [dataBucket(config)] : []),
      ...owoxReaders.filter(({ existingResultsBucket }) => existingResultsBucket).map(resultsBucket),
    ],
    databases: [
      ...(existing.database ? [database] : []),
      ...(existing.stagingDatabase ? [athena.stagingDatabase] : []),
    ].map((name) => ({ name, input: { Name: name } })),
    workGroups: [
      ...(existing.workgroup ? [ownWorkGroup(config)] : []),
      ...config.readers.flatMap((reader) =>
        reader.kind === 'owox' || reader.workgroup === undefined ? [] : [readersWorkGroup(reader.workgroup)],
      ),
    ],
  };
}

/** The bucket of the deployment. It reports its objects, as it does once everything required has been set. */
function dataBucket({ bucket, existing }: Config): DeployedBucket {
  return {
    name: bucket,
    eventBridge: true,
    settings: newBucketSettings,
    keyArn: existing.keyArn ?? undefined,
  };
}

/** The bucket of a reader's results, as if it had been there before. */
function resultsBucket(reader: OwoxReader): DeployedBucket {
  return {
    name: reader.resultsBucket,
    eventBridge: false,
    settings: newBucketSettings,
    keyArn: reader.resultsKeyArn,
  };
}

/** The workgroup of people, which puts results into the deployment's bucket. */
function ownWorkGroup({ athena, bucket }: Config): DeployedWorkGroup {
  const OutputLocation = `s3://${bucket}/${QUERY_RESULTS_FOLDER}`;
  return workGroup(athena.workgroup, {
    EnforceWorkGroupConfiguration: true,
    ResultConfiguration: { OutputLocation },
  });
}

/** A workgroup that a reader queries in. It takes the location that each query names. */
function readersWorkGroup(name: string): DeployedWorkGroup {
  return workGroup(name, { EnforceWorkGroupConfiguration: false });
}

/** A workgroup that the configuration takes as existing. */
function workGroup(name: string, configuration: object): DeployedWorkGroup {
  return { name, properties: { Name: name, WorkGroupConfiguration: configuration } };
}
