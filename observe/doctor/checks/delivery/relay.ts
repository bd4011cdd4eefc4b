import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isOwnKey, RELAY_FOLDER, RELAY_RUN_CLAIM } from '../../../../lib/tables/objectKeys.ts';
import { sluiceCommand } from '../../../commands.ts';
import { ObserveError } from '../../../place.ts';
import { askRelayState, type RelayState } from '../../../relay/relayCopies.ts';
import { isAwsError } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { CheckImpossible, type Finding, finding } from '../../findings.ts';
import type { Check } from '../../runChecks.ts';

/** Milliseconds after which a copy should have been delivered: an hour. Most take seconds. */
const LATE_MS = 3_600_000;

/** What relay has not delivered, and what it has left behind. Its queues are looked at with the others. */
export const relay: Check = {
  name: 'relay',
  expects:
    'the target of relay has refused nothing, no copy has waited for an hour, and without `relay` no copies are left',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RELAY_REFUSED', 'SLUICE_DOCTOR_RELAY_LATE', 'SLUICE_DOCTOR_RELAY_LEFT'],
  permissions: ['s3:ListBucket', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'cloudwatch:GetMetricData'],
  async run(doctor) {
    const config = await doctor.config();
    return config.relay === undefined ? judgeLeft(doctor) : judgeCopies(doctor, await readState(doctor));
  },
};

async function readState(doctor: DoctorContext): Promise<RelayState | null> {
  const { s3, sqs, cloudWatch } = await doctor.clients();
  const { stack } = doctor;
  const [config, now] = [await doctor.config(), await doctor.now()];
  try {
    return await doctor.ask('sqs:GetQueueAttributes', () =>
      askRelayState({ s3, sqs, cloudwatch: cloudWatch, config, stack, now }),
    );
  } catch (error) {
    // The check of queues reports it.
    if (isAwsError(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) return null;
    if (!(error instanceof ObserveError)) throw error;
    throw new CheckImpossible(finding('SLUICE_DOCTOR_FAILED', error.message));
  }
}

async function judgeCopies(doctor: DoctorContext, state: RelayState | null): Promise<readonly Finding[]> {
  if (state === null) return [];
  const [{ waiting, refused }, now] = [state, await doctor.now()];
  const found = await Promise.all(
    refused.map(async ({ reason, count, oldest }) => {
      const redrive = await sluice(doctor, ['relay', 'redrive', '--reason', reason, '--dry-run']);
      return finding('SLUICE_DOCTOR_RELAY_REFUSED', `${reason}: ${copies(count)}, the oldest of ${oldest}.`, [
        redrive,
      ]);
    }),
  );
  if (waiting.oldest === null || now - Date.parse(waiting.oldest) < LATE_MS) return found;
  const detail = `${waiting.hasMore ? 'At least ' : ''}${copies(waiting.count)}, the oldest since ${waiting.oldest}.`;
  const logs = ['logs', 'tail', `/aws/lambda/${doctor.stackName}-relay`, '--since', '1h'];
  return [...found, finding('SLUICE_DOCTOR_RELAY_LATE', detail, [await doctor.command(logs)])];
}

/** Objects that nothing delivers or deletes any more. */
async function judgeLeft(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [{ s3 }, config] = [await doctor.clients(), await doctor.config()];
  const { Contents = [], IsTruncated = false } = await doctor.ask('s3:ListBucket', () =>
    s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix: RELAY_FOLDER })),
  );
  const left = Contents.filter(
    ({ Key = '/' }) => !Key.endsWith('/') && Key !== RELAY_RUN_CLAIM && isOwnKey(config, Key),
  );
  if (left.length === 0) return [];
  const detail = `${RELAY_FOLDER}: ${IsTruncated ? 'at least ' : ''}${copies(left.length)}.`;
  return [
    finding('SLUICE_DOCTOR_RELAY_LEFT', detail, [
      await sluice(doctor, ['relay', 'erase', '--all', '--dry-run']),
    ]),
  ];
}

function copies(count: number): string {
  return count === 1 ? '1 copy' : `${count} copies`;
}

async function sluice(doctor: DoctorContext, words: readonly string[]): Promise<string> {
  return sluiceCommand(await doctor.place(), words);
}
