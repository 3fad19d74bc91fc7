/** Rows that retention removed, or would remove. */
export interface RetentionCounts {
  readonly messages: number;
  /** Past their date as a whole; their rows stay for a while as tombstones. */
  readonly conversations: number;
  /** Rows of conversations that were deleted long ago. */
  readonly tombstones: number;
}

/** What one run did, or in a dry run would do. */
export interface RetentionReport extends RetentionCounts {
  readonly dryRun: boolean;
  /** False when another process is at it, or the service stops: what is left goes with the next run. */
  readonly finished: boolean;
}
