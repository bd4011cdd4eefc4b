/** Folder that Athena writes results to. */
export const QUERY_RESULTS_FOLDER = 'query-results/';
