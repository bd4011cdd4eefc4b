import { logicalIds } from '../../../../infra/template/Stack.ts';
import { sluiceCommand } from '../../../commands.ts';
import { countWaitingObjects, type WaitingObjects } from '../../../status/waitingObjects.ts';
import type { WaitingFolder } from '../../../trace/waitingRows.ts';
import { checkEach } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { type Finding, type FindingCode, finding } from '../../findings.ts';
import type { Check } from '../../runChecks.ts';

const FOLDERS: readonly (readonly [WaitingFolder, FindingCode])[] = [
  ['overflow', 'SLUICE_DOCTOR_OVERFLOW'],
  ['errors', 'SLUICE_DOCTOR_ERRORS'],
  ['parked', 'SLUICE_DOCTOR_PARKED'],
];

/** What the collector, Firehose and redrive set aside. */
export const waiting: Check = {
  name: 'waiting',
  expects: 'no rows wait in overflow, errors or parked',
  needs: ['bucket'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_OVERFLOW',
    'SLUICE_DOCTOR_ERRORS',
    'SLUICE_DOCTOR_PARKED',
    'SLUICE_DOCTOR_UNKNOWN_KEYS',
  ],
  permissions: ['s3:ListBucket', 's3:GetObject', 'cloudformation:ListStackResources'],
  run: (doctor) =>
    checkEach(
      FOLDERS,
      ([folder, code]) => judgeFolder(doctor, folder, code),
      (impossible) => impossible.finding,
    ),
};

async function judgeFolder(
  doctor: DoctorContext,
  folder: WaitingFolder,
  code: FindingCode,
): Promise<readonly Finding[]> {
  const [{ s3 }, config] = [await doctor.clients(), await doctor.config()];
  const found = await doctor.ask('s3:ListBucket', () => countWaitingObjects({ s3, config }, folder));
  return [
    ...(found.count === 0
      ? []
      : [
          finding(code, `${folder}/: ${words(found)}.`, [
            folder === 'parked' ? await returnCommand(doctor) : await redriveCommand(doctor),
          ]),
        ]),
    ...(found.unknownKeys === 0
      ? []
      : [finding('SLUICE_DOCTOR_UNKNOWN_KEYS', `${folder}/: ${found.unknownKeys}.`)]),
  ];
}

function words({ count, hasMore, oldest, lastCode }: WaitingObjects): string {
  const objects = `${hasMore ? 'at least ' : ''}${count} ${count === 1 ? 'object' : 'objects'}`;
  return `${objects}, the oldest since ${oldest}${lastCode === null ? '' : `, the last for ${lastCode}`}`;
}

/** Starts the run for stragglers now, which otherwise comes every five minutes. */
async function redriveCommand(doctor: DoctorContext): Promise<string> {
  const queue = (await doctor.resources()).get(logicalIds.redriveQueue)?.physicalId ?? '';
  const message = ['--message-body', '{"sluice":"stragglers"}'];
  return doctor.command(['sqs', 'send-message', '--queue-url', queue, ...message]);
}

async function returnCommand(doctor: DoctorContext): Promise<string> {
  return sluiceCommand(await doctor.place(), ['redrive', '--parked']);
}
