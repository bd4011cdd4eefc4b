/** Characters of a quarantine row's texts, `raw` aside. Paths and SDK names that are longer are no such. */
export const MAX_TEXT_LENGTH = 1_024;

/**
 * Refused events of one batch have a row each as long as those rows come to no more than this, in UTF-16 units: one
 * call's worth of Firehose. Thousands of them, each with its batch's user, would not be written in time.
 */
export const MAX_ONE_BY_ONE_LENGTH = 4 * 1024 * 1024;

/** What a row has besides its `raw`, roughly, in UTF-16 units. */
export const ROW_LENGTH = 400;
