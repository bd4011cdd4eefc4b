import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { deliveryLogGroup, streamName } from '../../../../infra/streams/streams.ts';
import { logicalIds, partName } from '../../../../infra/template/Stack.ts';
import { streamReadings } from '../../../../lib/aws/streamReadings.ts';
import {
  allHeld,
  drainText,
  HoldError,
  holdsText,
  readHolds,
  type StreamHolds,
} from '../../../../lib/landing/hold/StreamHolds.ts';
import { EXPIRING_SECONDS, KEPT_SECONDS, oldestSeconds } from '../../../../lib/landing/hold/streamAge.ts';
import { allStreams, type StreamId, tableOf } from '../../../../lib/tables/streams.ts';
import { sluiceCommand } from '../../../commands.ts';
import { isForPerson, streamNames, streamsHeldToo, streamWord } from '../../../holds/holds.ts';
import { ObserveError } from '../../../place.ts';
import { NEAR } from '../../../status/statusProblems.ts';
import {
  daysOfDropped,
  droppedText,
  readDroppedRecords,
  readStreams,
  type StreamState,
} from '../../../status/streamState.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { CheckImpossible, type Finding, finding } from '../../findings.ts';
import { revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';

/** Streams that are held, those that drop rows soon or have, that are near their quota, and that get no rows. */
export const holds: Check = {
  name: 'holds',
  expects:
    'no stream is held, near its quota or out of rotation, the deployment is not being drained, and no stream has waited for 12 hours to deliver, or has dropped records, which Firehose does after 24',
  needs: ['stack'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_STREAM_HELD',
    'SLUICE_DOCTOR_STREAM_EXPIRING',
    'SLUICE_DOCTOR_STREAM_DROPPED',
    'SLUICE_DOCTOR_STREAM_QUOTA_NEAR',
    'SLUICE_DOCTOR_STREAM_OUT_OF_ROTATION',
    'SLUICE_DOCTOR_DRAINING',
    'SLUICE_DOCTOR_HOLDS_MISSING',
    'SLUICE_DOCTOR_HOLDS_DELETED',
    'SLUICE_DOCTOR_HOLDS_UNREADABLE',
  ],
  permissions: [
    'secretsmanager:GetSecretValue',
    'cloudwatch:GetMetricData',
    'cloudformation:ListStackResources',
  ],
  run: (doctor) =>
    checkEach(
      [judgeHolds, judgeFreshness, judgeDropped, readShares],
      (judge) => judge(doctor),
      (impossible) => impossible.finding,
    ),
};

async function judgeHolds(doctor: DoctorContext): Promise<readonly Finding[]> {
  const { secrets } = await doctor.clients();
  const SecretId = partName(doctor.stack, 'holds');
  try {
    const { SecretString = '' } = await doctor.ask('secretsmanager:GetSecretValue', () =>
      secrets.send(new GetSecretValueCommand({ SecretId })),
    );
    return await heldFindings(doctor, readHolds(SecretString));
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) {
      const commands = await revertDriftCommands(doctor, logicalIds.holdsSecret);
      return [finding('SLUICE_DOCTOR_HOLDS_MISSING', `${SecretId}.`, commands)];
    }
    // Of reading a secret it says only this: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    if (isAwsError(error, 'InvalidRequestException')) {
      const restore = ['secretsmanager', 'restore-secret', '--secret-id', SecretId];
      return [finding('SLUICE_DOCTOR_HOLDS_DELETED', `${SecretId}.`, [await doctor.command(restore)])];
    }
    if (!(error instanceof HoldError)) throw error;
    const put = ['secretsmanager', 'put-secret-value', '--secret-id', SecretId];
    const all = allHeld(allStreams(await doctor.config()), await doctor.now());
    const command = await doctor.command([...put, '--secret-string', holdsText(all)]);
    return [finding('SLUICE_DOCTOR_HOLDS_UNREADABLE', `${SecretId}: ${error.detail}`, [command])];
  }
}

async function heldFindings(
  doctor: DoctorContext,
  { held, drain }: StreamHolds,
): Promise<readonly Finding[]> {
  const place = await doctor.place();
  const config = await doctor.config();
  const found: Finding[] = [];
  if (drain !== null)
    found.push(
      finding('SLUICE_DOCTOR_DRAINING', `${doctor.stackName}: ${drainText(drain)}`, [
        sluiceCommand(place, ['drain', '--cancel']),
      ]),
    );
  for (const stream of streamsHeldToo({ config }, { held })) {
    const hold = held[stream];
    if (hold === undefined) continue;
    const by = hold.by === 'hand' ? 'by hand' : 'by the check';
    const command = isForPerson({ config }, stream, hold)
      ? sluiceCommand(place, ['hold', streamWord({ config }, stream), '--release'])
      : await logsCommand(doctor, stream);
    found.push(
      finding(
        'SLUICE_DOCTOR_STREAM_HELD',
        `${streamName(doctor.stack, stream)}: held ${by} since ${hold.since}. ${hold.why}`,
        [command],
      ),
    );
  }
  return found;
}

async function judgeFreshness(doctor: DoctorContext): Promise<readonly Finding[]> {
  const { cloudWatch } = await doctor.clients();
  const now = await doctor.now();
  const names = streamNames({ config: await doctor.config(), stack: doctor.stack });
  const read = streamReadings(cloudWatch, names, { now: () => now });
  const readings = await doctor.ask('cloudwatch:GetMetricData', read).catch(unread);
  const found: Finding[] = [];
  for (const [stream, reading] of readings) {
    const seconds = oldestSeconds(reading);
    if (seconds < EXPIRING_SECONDS) continue;
    const left = Math.max(0, KEPT_SECONDS - seconds);
    found.push(
      finding(
        'SLUICE_DOCTOR_STREAM_EXPIRING',
        `${streamName(doctor.stack, stream)}: its oldest record has waited ${hours(seconds)} hours; Firehose drops it in ${hours(left)} hours.`,
        [await logsCommand(doctor, stream)],
      ),
    );
  }
  return found;
}

async function readShares(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [{ cloudWatch }, now] = [await doctor.clients(), await doctor.now()];
  const place = { cloudwatch: cloudWatch, config: await doctor.config(), stack: doctor.stack, now };
  const states = await doctor.ask('cloudwatch:GetMetricData', () => readStreams(place)).catch(unread);
  return judgeShares(states);
}

async function judgeDropped(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [{ cloudWatch }, now] = [await doctor.clients(), await doctor.now()];
  const place = { cloudwatch: cloudWatch, config: await doctor.config(), stack: doctor.stack, now };
  const dropped = await doctor.ask('cloudwatch:GetMetricData', () => readDroppedRecords(place)).catch(unread);
  const where = await doctor.place();
  return dropped.map((one) => {
    const reconcile = (day: string) => sluiceCommand(where, ['reconcile', '--day', day]);
    return finding('SLUICE_DOCTOR_STREAM_DROPPED', droppedText(one), daysOfDropped(one).map(reconcile));
  });
}

/** Values of metrics that are missing say nothing. */
function unread(error: unknown): never {
  if (error instanceof HoldError || error instanceof ObserveError)
    throw new CheckImpossible(finding('SLUICE_DOCTOR_FAILED', error.message));
  throw error;
}

/** What is near its quota, and what gets no rows. */
export function judgeShares(
  states: readonly Pick<StreamState, 'stream' | 'isInRotation' | 'quota' | 'quotaShare'>[],
): readonly Finding[] {
  return states.flatMap(({ stream, isInRotation, quota, quotaShare }) => [
    ...(quotaShare === null || quotaShare < NEAR
      ? []
      : [
          finding(
            'SLUICE_DOCTOR_STREAM_QUOTA_NEAR',
            `${stream}: ${Math.round(quotaShare * 100)} % of its ${quota} a second.`,
          ),
        ]),
    ...(isInRotation ? [] : [finding('SLUICE_DOCTOR_STREAM_OUT_OF_ROTATION', `${stream}.`)]),
  ]);
}

function logsCommand(doctor: DoctorContext, stream: StreamId): Promise<string> {
  const group = deliveryLogGroup(doctor.stack, tableOf(stream));
  return doctor.command(['logs', 'tail', group, '--since', '1h']);
}

function hours(seconds: number): string {
  return (seconds / 3_600).toFixed(1);
}
