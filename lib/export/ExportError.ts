import { denialOrOwner } from '../base/denialOrOwner.ts';
import { defineErrorFamily } from '../base/errors.ts';

const denied = denialOrOwner('target.');

/** Why a day could not be exported. */
export const ExportError = defineErrorFamily('user', {
  SLUICE_EXPORT_ACCESS_DENIED: {
    cause: denied.cause,
    cure: `${denied.cure} Ask the customer whether a statement of the bucket's policy demands an encryption header: S3 does not say so to another account. Terraform's \`denyUnencryptedObjectUploads\` and \`denyIncorrectEncryptionHeaders\` need \`target.encryption: 'AES256'\`, or the key of the bucket as \`target.kmsKeyArn\`; \`denyIncorrectKmsKeySse\` needs the key. Then deploy. If no statement does, compare the bucket's policy with \`sluice policy print --for export-target --export …\`; S3 returns the same error if a KMS key of theirs refuses: \`sluice explain SLUICE_EXPORT_KEY_DENIED\`.`,
  },
  SLUICE_EXPORT_DELETE_DENIED: {
    cause: "The customer's bucket refuses to delete copies that the day has no more.",
    cure: "Have the bucket's owner allow `s3:DeleteObject`, as `sluice policy print --for export-target --export …` prints it. Until then `_manifest.json` names the files of the day, where the folder has one.",
  },
  SLUICE_EXPORT_OWNER_DIFFERS: {
    cause:
      'The bucket belongs to another account than `target.owner`, and lets the export in. Nothing was sent to it.',
    cure: 'Ask the customer first: somebody may have made a bucket of this name after theirs was deleted. Set `target.bucket` to a bucket that the customer names. Change `target.owner` only if the customer says that the account is theirs.',
  },
  SLUICE_EXPORT_KEY_DENIED: {
    cause: "The KMS key of the customer's bucket refuses the call, or is disabled.",
    cure: "Have the key's owner enable it and add the `keyPolicy` that `sluice policy print --for export-target --export …` prints once `target.kmsKeyArn` is set and deployed.",
  },
  SLUICE_EXPORT_ROLE_DENIED: {
    cause: "The role in the customer's account could not be assumed.",
    cure: 'Have its owner set the trust policy (`roleTrust`) that `sluice policy print --for export-target --export …` prints, with the external ID in it. If the role demands another one, set `target.role.externalId` of the export to that and deploy.',
  },
  SLUICE_EXPORT_SESSION_REFUSED: {
    cause: 'The function could not assume its own role for one export.',
    cure: 'The code in the detail says why. After a denial `npx sluice doctor --drift` names what was changed of the role of the function, and how to set it back: it must trust itself and be allowed to assume itself. The task is retried.',
  },
  SLUICE_EXPORT_BUCKET_MISSING: {
    cause: 'The bucket does not exist.',
    cure: 'Correct `target.bucket` of the export, or have the customer make the bucket again with its policy. The runs after that write every day that the new bucket does not have, also days before the lookback.',
  },
  SLUICE_EXPORT_REGION_WRONG: {
    cause: 'The bucket is in another region.',
    cure: 'Set `target.region` of the export to that of the bucket, which the detail has if S3 named it, and deploy.',
  },
  SLUICE_EXPORT_TARGET_UNAVAILABLE: {
    cause: "The customer's bucket did not answer in time, or S3 is busy.",
    cure: 'No action is needed: the next run tries again.',
  },
  SLUICE_EXPORT_SOURCE_UNAVAILABLE: {
    cause: "The deployment's own bucket or catalog could not be read.",
    cure: "The next run tries again. If it persists, check the code in the detail, and the function's role.",
  },
  SLUICE_EXPORT_TABLE_MISSING: {
    cause: 'The table does not exist, or has no days.',
    cure: 'Correct `table` of the export to a forwarded table or the table of a dataset, and deploy.',
  },
  SLUICE_EXPORT_TOO_MANY_FILES: {
    cause: 'The day has more files than one export copies.',
    cure: "Sluice does not write this many files. Look in the day's folder for files that another program wrote, and delete them by their versions (docs/platform.md).",
  },
  SLUICE_EXPORT_FILES_CHANGING: {
    cause: 'Files of the day were replaced repeatedly while they were copied.',
    cure: 'No action is needed: the next run tries again.',
  },
  SLUICE_EXPORT_FILE_DAMAGED: {
    cause:
      "A file of the table is no whole Parquet file. It is not copied, and the day in the customer's bucket stays as it is.",
    cure: 'The detail names the file. Bring it back with `sluice restore`: of the last days, `sluice status` prints the command. Delete it if Sluice never wrote it. The next run of the lookback exports the day; `sluice export run` does it at once.',
  },
  SLUICE_EXPORT_REWRITE_FAILED: {
    cause: "A file of the table could not be rewritten in Statsig's columns.",
    cure: 'The next run tries again. If it persists, the detail says why: with too little memory, raise `memorySize` of `export` in serverless.yml, up to 10240.',
  },
  SLUICE_EXPORT_OUT_OF_TIME: {
    cause: 'The day takes longer to copy than a function may run.',
    cure: 'No action is needed: copied files stay, and the rest continues at once, or with the next run if a whole day was not enough.',
  },
  SLUICE_EXPORT_STOPPED: {
    cause: 'An unexpected error occurred.',
    cure: "Check the function's log. The day is retried.",
  },
  SLUICE_EXPORT_MESSAGE_INVALID: {
    cause: 'A message on the queue was not sent by Sluice.',
    cure: '`sluice status` prints the commands that show and delete such a message. Find out who may send to the queue besides Sluice.',
  },
});

/** The codes of failures that may pass without any change. */
const PASSING: ReadonlySet<string> = new Set([
  'SLUICE_EXPORT_TARGET_UNAVAILABLE',
  'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
  'SLUICE_EXPORT_FILES_CHANGING',
  'SLUICE_EXPORT_REWRITE_FAILED',
  'SLUICE_EXPORT_STOPPED',
  'SLUICE_INGEST_LEDGER_UNAVAILABLE',
  'SLUICE_QUEUE_NOT_SENT',
]);

/** Whether a failure with this code may pass without any change. */
export function isTransientCode(code: string): boolean {
  return PASSING.has(code);
}
