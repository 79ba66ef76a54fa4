// Facts about the machine that matter to training: processor and its vector units, memory, disk, ONNX Runtime.

import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';

/** Instruction sets that the engine's arithmetic gains from, as Linux names them. */
const VECTOR_FLAGS = [
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_tile',
  'amx_bf16',
  'asimd',
  'asimddp',
  'bf16',
  'i8mm',
  'sve',
];

export interface MachineFacts {
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  /** Vector units; undefined where the system does not tell. */
  flags: string[] | undefined;
  memoryBytes: number;
  freeMemoryBytes: number;
  /** undefined when the directory cannot be asked. */
  freeDiskBytes: number | undefined;
}

export interface RuntimeFacts {
  version: string;
  /** Execution providers of this build. */
  providers: string[];
}

/** What can be known without measuring; `dir` is where disk space counts. */
export function machineFacts(dir: string): MachineFacts {
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    flags: vectorFlags(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    freeDiskBytes: freeDisk(dir),
  };
}

/** ONNX Runtime, or undefined when it cannot be loaded. */
export async function runtimeFacts(): Promise<RuntimeFacts | undefined> {
  try {
    const loaded = await import('onnxruntime-node');
    const runtime = (loaded as unknown as { default?: typeof loaded }).default ?? loaded;
    const backends = runtime.listSupportedBackends();
    return {
      version: runtime.env.versions.node ?? runtime.env.versions.common,
      // The others need libraries that this installation does not bring.
      providers: backends.map(({ name, bundled }) => (bundled ? name : `${name} (not installed)`)),
    };
  } catch {
    return undefined; // not installed, or no binary for this platform; the caller says so
  }
}

/**
 * Billions of float32 operations per second in one matrix product of the engine, two per multiply-add.
 *
 * @param now milliseconds, monotonic
 */
export async function measureMatMul(now: () => number, size = 512, milliseconds = 500): Promise<number> {
  const { createOnnxExecutor } = await import('../engine/executors/onnx/onnx-executor.ts');
  const { GraphBuilder } = await import('../engine/graph/program.ts');
  const graph = new GraphBuilder();
  const [product] = graph.apply(
    'linear',
    [graph.input('x', [size, size]), graph.input('w', [size, size])],
    {},
  );
  graph.output('y', product);
  const program = await (await createOnnxExecutor()).compile(graph.build());
  try {
    const feeds = { x: new Float32Array(size * size).fill(0.5), w: new Float32Array(size * size).fill(0.25) };
    for (let i = 0; i < 3; i++) await program.run(feeds); // first runs allocate
    const started = now();
    let runs = 0;
    do {
      await program.run(feeds);
      runs++;
    } while (now() - started < milliseconds);
    return (2 * size ** 3 * runs) / ((now() - started) / 1000) / 1e9;
  } finally {
    await program.dispose();
  }
}

function vectorFlags(): string[] | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined; // not Linux
  }
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(text);
  if (line === null) return undefined;
  const present = new Set(line[1].trim().split(/\s+/));
  return VECTOR_FLAGS.filter((flag) => present.has(flag));
}

function freeDisk(dir: string): number | undefined {
  try {
    const space = statfsSync(dir);
    return space.bavail * space.bsize;
  } catch {
    return undefined; // the directory does not exist or cannot be asked
  }
}
