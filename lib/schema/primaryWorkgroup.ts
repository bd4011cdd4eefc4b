/**
 * The workgroup that every account has, and that Athena takes for queries that name none, as those of OWOX Data Marts.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups.html
 */
export const PRIMARY_WORKGROUP = 'primary';
