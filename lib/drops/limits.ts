/** Limits of looking at drops. */

/**
 * List calls for one dataset in one run, of 1,000 objects each: 200,000 in the days looked at. More is refused by name.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export const MAX_LIST_CALLS = 200;

/**
 * Objects of one day whose names say that they are no Parquet, and into which a load looks: one read of four bytes each, or
 * two. More is refused by name.
 */
export const MOST_LOOKED_INSIDE = 10_000;
/** Such reads at the same time: each is a round trip and nothing else. */
export const PARALLEL_LOOKS = 32;
