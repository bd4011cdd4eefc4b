import { cloudFormationService, describeStack } from '../cloudformation/index.ts';
import { cloudWatchService } from '../cloudwatch/index.ts';
import { glueService } from '../glue/index.ts';
import { iamService } from '../iam/index.ts';
import { kmsService } from '../kms/index.ts';
import { keyAccess } from '../kms/keyAccess.ts';
import { logsService } from '../logs/index.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { s3Service } from '../s3/index.ts';
import { secretsManagerService } from '../secretsmanager/index.ts';
import { sqsService } from '../sqs/index.ts';
import { stsService } from '../sts/index.ts';
import type { Engines, StackNow } from './openEngines.ts';
import type { CloudState } from './openState.ts';

/** All services that answer at the endpoint. */
export function serviceTable(
  state: CloudState,
  { firehose, athena, logs }: Engines,
  stack: StackNow,
): readonly AwsService[] {
  const { place, clock, faults, store, catalog, metrics, queues, secrets, keys, roles } = state;
  const { callerByKey: callerOf } = state;
  const { principals } = state.permissions;
  const { account } = place;
  return [
    s3Service({
      store,
      callerOf,
      keyAccess: keyAccess(keys),
      hasIdentity: (arn) => roles.has(arn),
    }),
    firehose.service,
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    secretsManagerService({ secrets }),
    athena.service,
    kmsService({ keys, account, callerOf }),
    stsService({
      account,
      callerOf,
      sessions: { roles, clock, issue: principals.issueSession.bind(principals) },
    }),
    iamService({ roles, callerOf, clock }),
    cloudFormationService({
      stack() {
        const present = stack();
        return present && describeStack(present, place);
      },
    }),
    cloudWatchService({ metrics, clock, beforeReading: () => logs.readMetrics(), stack }),
    logsService({
      logs,
      groups: () =>
        (stack()?.resources ?? []).flatMap(({ type, physicalId }) =>
          type === 'AWS::Logs::LogGroup' ? [physicalId] : [],
        ),
    }),
  ];
}
