/** CloudWatch namespace of every metric of ours. */
export const METRIC_NAMESPACE = 'Sluice';
