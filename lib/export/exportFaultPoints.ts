/**
 * The steps of an export between which a function may be killed, in their order, each named after what has been done by
 * then. Whatever the point, the next export of the day ends as this one would have.
 */
export const exportFaultPoints = [
  /** The day is claimed; nothing else has changed. */
  'claimed',
  /** Our files and the customer's are listed. */
  'listed',
  /** One file is there, others are not. */
  'copiedOne',
  /** All new files are there, beside the old; the manifest names the old. */
  'copied',
  /** The claim is renewed: nobody else works on the day. */
  'renewed',
  /** The manifest names the new files; the old are still there. */
  'manifested',
  /** The old files are gone; the ledger doesn't know yet. */
  'swept',
  /** The ledger knows. */
  'settled',
] as const;

/** One of {@link exportFaultPoints}. */
export type ExportFaultPoint = (typeof exportFaultPoints)[number];
