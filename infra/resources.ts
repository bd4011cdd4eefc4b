import { valuesOf } from '../lib/base/json.ts';
import { VERSION } from '../lib/base/version.ts';
import { deliveredTables } from '../lib/tables/deliveredTables.ts';
import { alarms } from './alarms/alarms.ts';
import { loggedMetrics } from './alarms/loggedMetrics.ts';
import { curateResources } from './curate/curate.ts';
import { bucketName, bucketResources } from './data/bucket.ts';
import { catalog, databaseName, stagingDatabaseName } from './data/catalog.ts';
import { keyArn, keyResources } from './data/key.ts';
import { keysSecret } from './data/keysSecret.ts';
import { statsigBucketOutputs, statsigBucketResources } from './data/statsigBucket.ts';
import { views } from './data/views.ts';
import { exportOutputs, exportResources } from './drops/export.ts';
import { ingestResources } from './drops/ingest.ts';
import {
  type Extension,
  endpointExtensions,
  endpointOutputs,
  endpointResources,
} from './endpoint/endpoint.ts';
import { keyAdministratorStatements, readerOutputs, readers } from './readers/readers.ts';
import { workgroup, workgroupName } from './readers/workgroup.ts';
import { relayResources } from './relay/relay.ts';
import { deliveryRole } from './roles/deliveryRole.ts';
import { WIDTHS, type Width } from './roles/dropRoles.ts';
import { fitPolicies } from './roles/fitPolicies.ts';
import { deleterIds, functionRoles } from './roles/functionRoles.ts';
import { reconcileRole } from './roles/reconcileRole.ts';
import { objectCreatedRules } from './streams/objectCreatedRules.ts';
import { queues } from './streams/queues.ts';
import { landingSchedules, reconcileSchedule } from './streams/schedules.ts';
import { streamResources } from './streams/streams.ts';
import { CONFIGURATION_OUTPUT, statedConfiguration } from './template/deployedConfiguration.ts';
import { MANAGED_POLICIES } from './template/limits.ts';
import { type Output, type Resources, ref } from './template/Resource.ts';
import { LOAD_ROLE, logicalIds, partName, type Stack } from './template/Stack.ts';

/** The resources of a deployment, and what Serverless is told of those that it makes. */
export interface StackResources {
  /** The resources by their logical IDs. */
  readonly Resources: Resources;
  /** The outputs by their names. */
  readonly Outputs: Readonly<Record<string, Output>>;
  /**
   * A term of Serverless, which is not part of the template: a property here replaces the one that Serverless makes, as
   * a whole.
   * https://www.serverless.com/framework/docs/providers/aws/guide/resources#override-aws-cloudformation-resource
   */
  readonly extensions: Readonly<Record<string, Extension>>;
}

/**
 * All resources of the deployment except the functions and their triggers, which are in infra/serverless/serviceFunctions.ts.
 */
export function resources(stack: Stack): StackResources {
  return {
    Resources: fittedResources(stack),
    Outputs: outputs(stack),
    extensions: endpointExtensions(stack),
  };
}

/**
 * The resources with the narrowest role of the load whose policies IAM takes. If it takes none, they have the widest
 * role, and packaging then says what is too much.
 */
function fittedResources(stack: Stack): Resources {
  const { service, stage, config } = stack;
  const place = { stackName: `${service}-${stage}`, region: config.region };
  let fitted: Resources = {};
  for (const width of WIDTHS) {
    fitted = fitPolicies(allResources(stack, width), place);
    const { ManagedPolicyArns } = fitted[LOAD_ROLE]?.Properties ?? {};
    if (valuesOf(ManagedPolicyArns).length <= MANAGED_POLICIES) break;
  }
  return fitted;
}

/** All resources, with a role of the load that may do as much as the width says. */
function allResources(stack: Stack, width: Width): Resources {
  return {
    ...keyResources(stack, keyAdministratorStatements(stack)),
    ...bucketResources(stack, deleterIds(stack.config)),
    ...statsigBucketResources(stack),
    ...keysSecret(stack),
    ...endpointResources(stack),
    ...catalog(stack),
    ...views(stack),
    ...workgroup(stack),
    ...deliveryRole(stack),
    ...streamResources(stack),
    ...queues(stack),
    ...objectCreatedRules(stack),
    ...functionRoles(stack),
    ...readers(stack),
    ...landingSchedules(stack),
    ...(stack.config.reconcile && {
      ...reconcileRole(stack),
      ...reconcileSchedule(stack),
    }),
    ...ingestResources(stack, width),
    ...exportResources(stack),
    ...curateResources(stack),
    ...relayResources(stack),
    ...loggedMetrics(stack),
    ...alarms(stack),
  };
}

/** The outputs that are needed after a deployment: where to point SDKs, where the data is, and which version it is. */
function outputs(stack: Stack): Readonly<Record<string, Output>> {
  const tables = deliveredTables(stack.config);
  const key = keyArn(stack);
  return {
    SluiceVersion: { Description: 'Version of Sluice that deployed the stack', Value: VERSION },
    [CONFIGURATION_OUTPUT]: {
      Description: 'Settings from which the stack was deployed, by which `sluice status` sees others',
      Value: statedConfiguration(stack.config),
    },
    ...endpointOutputs(stack),
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
    ...(key && { KeyArn: { Description: 'KMS key that the bucket is encrypted with', Value: key } }),
    ExposuresTableName: { Description: tables.exposures.comment, Value: tables.exposures.name },
    EventsTableName: { Description: tables.events.comment, Value: tables.events.name },
    QuarantineTableName: { Description: tables.quarantine.comment, Value: tables.quarantine.name },
    LandingStreamName: { Description: 'Delivery stream of the landing', Value: ref(logicalIds.stream) },
    WriteQueueUrl: { Description: 'Queue of the writer', Value: ref('WriteQueue') },
    WriteDeadLettersUrl: {
      Description: 'Messages of objects that the writer could not write',
      Value: ref('WriteDeadLetterQueue'),
    },
    ...readerOutputs(stack),
    ...exportOutputs(stack),
    ...statsigBucketOutputs(stack),
  };
}
