// What a run of the engine benchmark says, and its table.

export interface Row {
  size: string;
  parameters: number;
  /** ONNX Runtime's own float32 product, GFLOP/s: 2048 cubed, and the linear layers of this size. */
  matMul: { square: number; ownShapes: number };
  train: { tokensPerSecond: number; gflops: number; optimiserSeconds: number; peakMegabytes: number };
  sample: { tokensPerSecond: number; peakMegabytes: number };
  build: { programSeconds: number; sessionSeconds: number; nodes: number };
  peer?: {
    trainTokensPerSecond: number;
    trainPeakMegabytes: number;
    sampleTokensPerSecond: number;
    samplePeakMegabytes: number;
    /** Ours over the peer's throughput, of each round. */
    trainRatios: number[];
    sampleRatios: number[];
    /** The same between the fastest single repeats of all rounds: what is left of it on an idle machine. */
    trainBestRatio: number;
    sampleBestRatio: number;
  };
  /** Every measurement as it came. */
  rounds: Record<string, Record<string, number>[]>;
}

export interface Report {
  date: string;
  cpu: string;
  cores: number;
  memoryGigabytes: number;
  threads: number;
  node: string;
  command: string;
  peer: { torch: string; blasKernel: string; gflops: number } | undefined;
  rows: Row[];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Median with the range over the rounds. */
function ratio(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1
      ? (sorted[middle] ?? Number.NaN)
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return `${median.toFixed(2)} (${sorted[0]?.toFixed(2)}–${sorted.at(-1)?.toFixed(2)})`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

export function markdown(report: Report): string {
  const { peer } = report;
  const machine = `${report.cpu}, ${report.cores} cores, ${report.memoryGigabytes} GiB; ${report.threads} threads; Node ${report.node}`;
  const torch = peer
    ? `PyTorch ${peer.torch} float32, OpenBLAS kernels ${peer.blasKernel} (${whole(peer.gflops)} GFLOP/s)`
    : 'no PyTorch here';
  const training = report.rows.map((row) => [
    row.size,
    whole(row.train.tokensPerSecond),
    whole(row.train.gflops),
    `${whole(row.matMul.square)} / ${whole(row.matMul.ownShapes)}`,
    `${whole((100 * row.train.gflops) / row.matMul.square)} %`,
    row.peer ? whole(row.peer.trainTokensPerSecond) : '–',
    row.peer ? ratio(row.peer.trainRatios) : '–',
    row.peer ? row.peer.trainBestRatio.toFixed(2) : '–',
    `${whole(row.train.peakMegabytes)} / ${row.peer ? whole(row.peer.trainPeakMegabytes) : '–'}`,
    `${(row.build.programSeconds * 1e3).toFixed(0)} + ${(row.build.sessionSeconds * 1e3).toFixed(0)} ms`,
  ]);
  const sampling = report.rows.map((row) => [
    row.size,
    whole(row.sample.tokensPerSecond),
    row.peer ? whole(row.peer.sampleTokensPerSecond) : '–',
    row.peer ? ratio(row.peer.sampleRatios) : '–',
    row.peer ? row.peer.sampleBestRatio.toFixed(2) : '–',
    `${whole(row.sample.peakMegabytes)} / ${row.peer ? whole(row.peer.samplePeakMegabytes) : '–'}`,
  ]);
  return [
    `Measured ${report.date}: ${machine}. ${torch}. \`${report.command}\``,
    '',
    'Training (forward, backward, AdamW), medians:',
    '',
    table(
      [
        'model',
        'tok/s',
        'GFLOP/s',
        'MatMul 2048³ / own shapes',
        'of MatMul',
        'PyTorch tok/s',
        'ratio (range)',
        'best / best',
        'peak MB ours / PyTorch',
        'program + session',
      ],
      training,
    ),
    '',
    'Sampling (256 sequences, 128 new tokens each), medians:',
    '',
    table(
      ['model', 'tok/s', 'PyTorch tok/s', 'ratio (range)', 'best / best', 'peak MB ours / PyTorch'],
      sampling,
    ),
  ].join('\n');
}
