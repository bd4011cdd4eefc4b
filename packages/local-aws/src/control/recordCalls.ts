import { z } from 'zod';
import type { Credentials } from '../iam/Principals.ts';
import type { RecordedCall } from '../iam/RecordedCall.ts';
import type { Recording } from '../record/startRecording.ts';
import { ControlError } from './ControlError.ts';
import { parseBody } from './parseBody.ts';

/** What `GET /_sluice/calls` answers. */
export interface CallsReport {
  readonly calls: readonly RecordedCall[];
  /** Entries that went to make room. */
  readonly dropped: number;
}

/** What `POST /_sluice/credentials` answers. */
export interface IssuedCredentials extends Credentials {
  /** The ARN of whom they are. */
  readonly principal: string;
}

const issueSchema = z.strictObject({ principal: z.string().min(1) });

/** Who called what. */
export function readCalls({ recorder }: Recording): CallsReport {
  return { calls: recorder.list(), dropped: recorder.dropped };
}

/**
 * Credentials of a role or user of the template, by its ARN or logical ID: what is signed with them is recorded as its.
 *
 * @throws ControlError SLUICE_CONTROL_BODY for any other.
 */
export function issueCredentials(recording: Recording, body: unknown): IssuedCredentials {
  const { principal } = parseBody(issueSchema, body);
  const there = recording.principalsDeployed();
  const found = there.find(({ arn, logicalId }) => arn === principal || logicalId === principal);
  if (found === undefined) {
    const list = there.map(({ logicalId }) => logicalId).join(', ');
    throw new ControlError(
      'SLUICE_CONTROL_BODY',
      `There is no role or user ${principal} here. There is ${list}.`,
    );
  }
  return { principal: found.arn, ...recording.principals.issue(found.arn) };
}
