import * as z from 'zod';
import { defineErrorFamily } from '../../base/errors.ts';
import { type ObjectStore, type StoredText, storedText } from '../../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../../base/retry.ts';
import { POLICY_RECORDS_KEY } from '../../tables/ledgerKeys.ts';

/** Errors of printed policies and of the record of those that were applied. */
export const PolicyRecordError = defineErrorFamily('user', {
  SLUICE_POLICY_TOO_LONG: {
    cause: 'With the names of this configuration a policy is longer than IAM accepts in one managed policy.',
    cure: 'Shorten the names that it repeats (database, bucket, workgroup, readers), have fewer readers with an `ownDatabase`, or let the stack make its own database: in an existing one each table is named.',
  },
  SLUICE_POLICY_RECORD_INVALID: {
    cause: 'The record of applied policies in the bucket is damaged, or a later version of Sluice wrote it.',
    cure: 'Restore the version of the object before that, or delete it and confirm the policies again.',
  },
  SLUICE_POLICY_RECORD_BUSY: {
    cause: 'Others change the record of applied policies at the same time.',
    cure: 'Run the command again.',
  },
  SLUICE_POLICY_RECORD_REFUSED: {
    cause: 'The record of applied policies cannot be read or written.',
    cure: 'Use credentials that are allowed s3:GetObject and s3:PutObject on ledger/policies.json in the bucket, s3:ListBucket on the bucket, and kms:Decrypt and kms:GenerateDataKey on its key.',
  },
  SLUICE_POLICY_HASH_DIFFERS: {
    cause: 'The applied policy is not the one that this working tree prints for this configuration.',
    cure: 'Print it again, have that applied, and confirm it with the new hash.',
  },
});

const recordSchema = z.object({
  /** ISO 8601. */
  confirmedAt: z.iso.datetime(),
  /** The role or user that has it, by ARN, if whoever confirmed said so. */
  appliedTo: z.string().optional(),
  /** The printed documents, by name. Account, keys and principals are placeholders. */
  documents: z.record(
    z.string(),
    z.object({
      version: z.string(),
      hash: z.string(),
      statements: z.array(z.record(z.string(), z.unknown())),
    }),
  ),
});

/** One confirmed policy. */
export type PolicyRecord = z.output<typeof recordSchema>;

const recordsSchema = z.object({ policies: z.record(z.string(), recordSchema) });

/** The confirmed policies of a deployment by name: `ingest-source/acme`. */
export type PolicyRecords = Readonly<Record<string, PolicyRecord>>;

/** The object that holds the records in the deployment's bucket. */
export function policyRecords(store: ObjectStore): StoredText {
  return storedText(store, POLICY_RECORDS_KEY);
}

/** The records; empty when nothing was ever confirmed. @throws PolicyRecordError `SLUICE_POLICY_RECORD_INVALID` */
export async function readPolicyRecords(store: StoredText): Promise<PolicyRecords> {
  const found = await store.read();
  return found === null ? {} : parseRecords(found.text);
}

const TRIES = { tries: 6, baseMs: 200, capMs: 3_000 } as const;

/**
 * Adds or replaces the records of some policies, with a conditional write: two people may confirm at the same time.
 *
 * @throws PolicyRecordError `SLUICE_POLICY_RECORD_INVALID`, `SLUICE_POLICY_RECORD_BUSY`
 */
export async function confirmPolicies(
  store: StoredText,
  confirmed: PolicyRecords,
  timing: RetryPorts,
): Promise<void> {
  for await (const _ of eachAttempt({ ...TRIES, ...timing })) {
    const found = await store.read();
    const policies = { ...(found === null ? {} : parseRecords(found.text)), ...confirmed };
    const text = JSON.stringify({ policies }, null, 2);
    if ((await store.write(text, found?.eTag ?? null)) !== null) return;
  }
  throw new PolicyRecordError('SLUICE_POLICY_RECORD_BUSY', '');
}

function parseRecords(text: string): PolicyRecords {
  try {
    return recordsSchema.parse(JSON.parse(text)).policies;
  } catch (error) {
    throw new PolicyRecordError('SLUICE_POLICY_RECORD_INVALID', '', { cause: error });
  }
}
