// Training and sampling throughput of the engine next to two yardsticks measured in the same minutes: the rate of
// ONNX Runtime's own MatMul, and the same model in PyTorch float32. Every measurement is a process of its own; ours
// and the peer's alternate, so that a change of the machine's load meets both.
//
//   npm run bench:engine -- [--sizes 0.82M,4.79M,25.3M] [--quick] [--rounds N] [--no-save]

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdown, type Report, type Row } from './report.ts';
import { parameterCount, SIZES, type Size, trainingFlops, VOCABULARY } from './sizes.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const THREADS = Math.min(2, availableParallelism());
/** What OpenBLAS builds for; `undefined` lets it choose. Old builds choose badly on new processors. */
const BLAS_KERNELS = [undefined, 'SkylakeX', 'Haswell', 'Zen'];

type Measured = Record<string, number>;

/** Runs a command and parses the last line it prints; undefined when it cannot run. */
function measureIn(
  command: string,
  args: readonly string[],
  environment: Record<string, string | undefined>,
): Promise<Measured | undefined> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries({ BENCH_THREADS: String(THREADS), ...environment })) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: HERE, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '') as Measured);
      else {
        process.stderr.write(errors);
        resolve(undefined);
      }
    });
  });
}

async function ours(kind: string, size: Size, repeats: number): Promise<Measured> {
  const result = await measureIn(process.execPath, ['measure.ts', kind, size.name, String(repeats)], {});
  if (result === undefined) throw new Error(`measurement ${kind} of ${size.name} failed`);
  return result;
}

interface Peer {
  python: string;
  version: string;
  blasKernel: string | undefined;
  gflops: number;
}

/** Allocations are kept instead of returned to the system, which the peer gains more from than we do. */
function peerEnvironment(blasKernel: string | undefined): Record<string, string | undefined> {
  return {
    OMP_NUM_THREADS: String(THREADS),
    OPENBLAS_CORETYPE: blasKernel,
    OPENBLAS_L2_SIZE: undefined,
    PYTHONDONTWRITEBYTECODE: '1',
    MALLOC_MMAP_THRESHOLD_: '4294967296',
    MALLOC_TRIM_THRESHOLD_: '68719476736',
  };
}

/** Finds PyTorch and the BLAS kernels that are fastest here; undefined when there is none. */
async function findPeer(): Promise<Peer | undefined> {
  for (const python of [process.env.BENCH_PYTHON, 'python3', '/usr/bin/python3']) {
    if (python === undefined) continue;
    const probe = await measureIn(
      python,
      [
        '-c',
        'import json\ntry:\n import torch\n print(json.dumps({"v": torch.__version__}))\nexcept ImportError:\n print("{}")',
      ],
      {},
    );
    const version = (probe as unknown as { v?: string } | undefined)?.v;
    if (version === undefined) continue;
    const rates = new Map<string | undefined, number>();
    for (let round = 0; round < 2; round++) {
      for (const kernel of BLAS_KERNELS) {
        const rate = await measureIn(python, ['peer_blas.py'], peerEnvironment(kernel));
        rates.set(kernel, Math.max(rates.get(kernel) ?? 0, rate?.gflops ?? 0));
      }
    }
    const [blasKernel, gflops] = [...rates].sort((a, b) => b[1] - a[1])[0] ?? [undefined, 0];
    return { python, version, blasKernel, gflops };
  }
  return undefined;
}

function sizeEnvironment(size: Size): Record<string, string> {
  return {
    HIDDEN: String(size.hidden),
    LAYERS: String(size.layers),
    HEADS: String(size.heads),
    KV_HEADS: String(size.kvHeads),
    HEAD_DIM: String(size.headDim),
    FEED_FORWARD: String(size.feedForward),
    VOCABULARY: String(VOCABULARY),
    TIME: String(size.time),
    BATCH: String(size.batch),
  };
}

async function measurePeer(
  peer: Peer,
  script: string,
  size: Size,
  repeats: number,
  extra: Record<string, string> = {},
): Promise<Measured> {
  const environment = { ...peerEnvironment(peer.blasKernel), ...sizeEnvironment(size), ...extra };
  const result = await measureIn(peer.python, [script, String(repeats)], environment);
  if (result === undefined) throw new Error(`peer ${script} of ${size.name} failed`);
  return result;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Rounds of alternating measurements of one size. */
async function measureSize(
  size: Size,
  peer: Peer | undefined,
  rounds: number,
  repeats: number,
): Promise<Row> {
  const kept = new Map<string, Measured[]>();
  const keep = (name: string, measured: Measured): void => {
    kept.set(name, [...(kept.get(name) ?? []), measured]);
  };
  for (let round = 0; round < rounds; round++) {
    keep('products', await ours('products', size, 5));
    keep('train', await ours('train', size, repeats));
    if (peer) keep('peerTrain', await measurePeer(peer, 'peer_train.py', size, repeats));
    keep('sample', await ours('sample', size, 1));
    if (peer) keep('peerSample', await measurePeer(peer, 'peer_decode.py', size, 1));
    keep('build', await ours('build', size, 1));
    process.stderr.write(`${size.name} round ${round + 1} of ${rounds}\n`);
  }
  const read = (name: string, field: string): number =>
    median((kept.get(name) ?? []).map((measured) => measured[field] as number));
  const trainTokens = size.batch * size.time;
  const sampleTokens = read('sample', 'tokens');
  const seconds = read('train', 'seconds');
  const paired = (mine: string, theirs: string): number[] =>
    (kept.get(mine) ?? []).map(
      (measured, i) => (kept.get(theirs)?.[i]?.seconds ?? Number.NaN) / (measured.seconds as number),
    );
  const fastest = (name: string): number =>
    Math.min(...(kept.get(name) ?? []).map((measured) => measured.best as number));
  return {
    size: size.name,
    parameters: parameterCount(size),
    matMul: { square: read('products', 'square'), ownShapes: read('products', 'ownShapes') },
    train: {
      tokensPerSecond: trainTokens / seconds,
      gflops: trainingFlops(size) / seconds / 1e9,
      optimiserSeconds: read('train', 'optimiserSeconds'),
      peakMegabytes: read('train', 'peakMegabytes'),
    },
    sample: {
      tokensPerSecond: sampleTokens / read('sample', 'seconds'),
      peakMegabytes: read('sample', 'peakMegabytes'),
    },
    build: {
      programSeconds: read('build', 'programSeconds'),
      sessionSeconds: read('build', 'sessionSeconds'),
      nodes: read('build', 'nodes'),
    },
    ...(peer && {
      peer: {
        trainTokensPerSecond: trainTokens / read('peerTrain', 'seconds'),
        trainPeakMegabytes: read('peerTrain', 'peakMegabytes'),
        sampleTokensPerSecond: sampleTokens / read('peerSample', 'seconds'),
        samplePeakMegabytes: read('peerSample', 'peakMegabytes'),
        trainRatios: paired('train', 'peerTrain'),
        sampleRatios: paired('sample', 'peerSample'),
        trainBestRatio: fastest('peerTrain') / fastest('train'),
        sampleBestRatio: fastest('peerSample') / fastest('sample'),
      },
    }),
    rounds: Object.fromEntries(kept),
  };
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
});
const names = values.sizes?.split(',');
const unknown = names?.find((name) => !SIZES.some((size) => size.name === name));
if (unknown !== undefined) {
  process.stderr.write(`unknown size ${unknown}; there are ${SIZES.map((size) => size.name).join(', ')}\n`);
  process.exit(2);
}
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const repeats = values.quick ? 2 : 4;
const peer = await findPeer();
if (peer === undefined) {
  process.stderr.write('python3 with torch not found: measuring without the PyTorch peer\n');
}
const rows: Row[] = [];
for (const size of SIZES) {
  if (names === undefined || names.includes(size.name)) {
    rows.push(await measureSize(size, peer, rounds, repeats));
  }
}
const model = cpus()[0]?.model.trim() ?? 'unknown';
const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  cpu: model,
  cores: cpus().length,
  memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  threads: THREADS,
  node: process.version,
  command: `npm run bench:engine${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
  peer: peer && { torch: peer.version, blasKernel: peer.blasKernel ?? 'automatic', gflops: peer.gflops },
  rows,
};
const table = markdown(report);
process.stdout.write(`${table}\n`);
if (!values['no-save']) {
  const slug = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const file = join(HERE, 'results', `${report.date}-${slug}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${file}.md`, `${table}\n`);
}
