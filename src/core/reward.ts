// A scalar to be maximised, with its parts and where it came from.

/** The reward of one rollout. `null` means not scorable: excluded from baselines, never counted as zero. */
export interface Reward {
  value: number | null;
  /** Named contributions, e.g. `{ outcome: 1, format: 0 }`. */
  parts: Record<string, number>;
  source: string;
}
