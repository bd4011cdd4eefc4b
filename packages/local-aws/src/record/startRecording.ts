import type { Config } from '../../../../lib/config/configSchema.ts';
import type { Clock } from '../../../../lib/time/Clock.ts';
import { localAccount } from '../../../../local/localAccount.ts';
import type { QueryCall } from '../athena/QueryCall.ts';
import type { StreamCall } from '../firehose/StreamCall.ts';
import { callNeeds } from '../iam/callNeeds.ts';
import type { Place } from '../iam/Place.ts';
import { Principals } from '../iam/Principals.ts';
import type { NeededPermission } from '../iam/RecordedCall.ts';
import type { EdgeCall } from '../protocol/EdgeCall.ts';
import type { Secrets } from '../secretsmanager/model/Secrets.ts';
import type { Deployment } from '../template/Deployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { accessKeys } from './accessKeys.ts';
import { bucketKeys } from './bucketKeys.ts';
import { CallRecorder } from './CallRecorder.ts';
import { deliveryCalls, type StreamRole } from './deliveryCalls.ts';
import { queryCalls } from './queryCalls.ts';
import { serviceCalls } from './serviceCalls.ts';
import { streamRoles } from './streamRoles.ts';

const PRINCIPAL_TYPES: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::IAM::User']);

/** A role or user of the template. */
export interface DeployedPrincipal {
  readonly logicalId: string;
  readonly arn: string;
}

/** What the cloud tells its recorder, and what it asks of it. */
export interface Recording {
  readonly recorder: CallRecorder;
  readonly principals: Principals;
  readonly onCall: (call: EdgeCall) => void;
  readonly onStreamCall: (stream: string, call: StreamCall) => void;
  /** What a call needs on AWS. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** What Athena does for whoever has this access key. */
  readonly onQueryCall: (accessKeyId: string, call: QueryCall) => void;
  /** Takes up what is deployed: keys of buckets, roles of streams, and what services do by its wiring. */
  readonly deployed: (
    deployment: Deployment,
    resolved: ResolvedTemplate,
    config: Pick<Config, 'bucket' | 'existing'>,
  ) => void;
  /** Forgets what was called; what services do by the wiring stays. */
  readonly clear: () => void;
  /** The roles and users of what is deployed. */
  readonly principalsDeployed: () => readonly DeployedPrincipal[];
}

/** Records who calls what in the local cloud: see {@link CallRecorder}. */
export function startRecording(options: { readonly clock: Clock; readonly secrets: Secrets }): Recording {
  const { id: account, region, partition, ...root } = localAccount;
  const recorder = new CallRecorder(options.clock);
  const principals = new Principals({ arn: `arn:${partition}:iam::${account}:root`, ...root });
  let keys: ReadonlyMap<string, string> = new Map();
  let streams: ReadonlyMap<string, StreamRole> = new Map();
  let deployedPrincipals: readonly DeployedPrincipal[] = [];
  let standing: ReturnType<typeof serviceCalls> = [];
  const place: Place = {
    partition,
    region,
    account,
    bucketKey: (bucket) => keys.get(bucket),
    secretArn: (id) => options.secrets.all().find(({ arn, name }) => arn === id || name === id)?.arn,
  };
  const recordStanding = () => {
    for (const call of standing) recorder.record(call);
  };
  return {
    recorder,
    principals,
    onCall(call) {
      const { accessKeyId, service, operation } = call;
      const principal = principals.arnOf(accessKeyId) ?? accessKeyId;
      // The trust of a role that may assume itself asks who it is.
      const told = service === 'sts' ? { 'aws:PrincipalArn': principal } : {};
      recorder.record({
        principal,
        service,
        operation,
        permissions: callNeeds(call, place).map((one) => ({ ...one, context: { ...one.context, ...told } })),
        basis: 'seen',
      });
    },
    needsOf: (call) => callNeeds(call, place),
    onStreamCall(stream, call) {
      const role = streams.get(stream);
      if (role === undefined) return;
      for (const made of deliveryCalls(call, role, place)) recorder.record(made);
    },
    onQueryCall(accessKeyId, call) {
      const principal = principals.arnOf(accessKeyId) ?? accessKeyId;
      for (const made of queryCalls(call, principal, place)) recorder.record(made);
    },
    deployed(deployment, resolved, config) {
      keys = bucketKeys(resolved, place, config);
      streams = streamRoles(resolved);
      deployedPrincipals = resolved.resources.flatMap(({ type, logicalId, arn }) =>
        arn !== undefined && PRINCIPAL_TYPES.has(type) ? [{ logicalId, arn }] : [],
      );
      for (const { arn, ...credentials } of accessKeys(resolved)) principals.admit(arn, credentials);
      standing = serviceCalls(deployment, resolved, place);
      recordStanding();
    },
    clear() {
      recorder.clear();
      recordStanding();
    },
    principalsDeployed: () => deployedPrincipals,
  };
}
