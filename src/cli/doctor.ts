// `touchstone doctor`: what this machine offers and what is missing. Exit code 1 when recipes cannot run here.

import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import {
  type MachineFacts,
  machineFacts,
  measureMatMul,
  type RuntimeFacts,
  runtimeFacts,
} from './machine.ts';

/** Below these a quickstart run may not fit. */
const WANTED_MEMORY_BYTES = 2e9;
const WANTED_DISK_BYTES = 1e9;

export interface DoctorReport extends MachineFacts {
  runtime: RuntimeFacts | undefined;
  /** Billions of float32 operations per second, when it could be measured. */
  gigaflops: number | undefined;
}

export function register(command: Command, context: CommandContext): void {
  command.option('--json', 'print the facts as JSON').action(async (options: { json?: boolean }) => {
    const runtime = await runtimeFacts();
    const gigaflops = runtime === undefined ? undefined : await measureMatMul(context.now);
    const report = { ...machineFacts(context.cwd), runtime, gigaflops };
    context.print(options.json === true ? JSON.stringify(report, null, 2) : doctorText(report));
    if (runtime === undefined) context.exitCode = 1;
  });
}

/** The report for people: facts first, then what to do about what is missing. */
export function doctorText(report: DoctorReport): string {
  const { flags, runtime, gigaflops, freeDiskBytes } = report;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const rows: [string, string][] = [
    ['Node', report.node],
    ['platform', report.platform],
    ['processor', `${report.cpu}, ${report.cores} cores`],
    ['vector units', flags === undefined ? 'unknown on this system' : flags.join(' ') || 'none known'],
    ['memory', `${gigabytes(report.memoryBytes)}, ${gigabytes(report.freeMemoryBytes)} free`],
    ['disk', freeDiskBytes === undefined ? 'unknown' : `${gigabytes(freeDiskBytes)} free here`],
    ['onnxruntime-node', runtime === undefined ? 'missing' : runtime.version],
    ['providers', runtime === undefined ? 'none' : runtime.providers.join(', ')],
    ['float32 rate', gigaflops === undefined ? 'not measured' : `${Math.round(gigaflops)} GFLOP/s in MatMul`],
  ];
  const advice: string[] = [];
  if (runtime === undefined) {
    advice.push('onnxruntime-node cannot be loaded: run npm ci, or use a platform it has a binary for');
  }
  if (report.memoryBytes < WANTED_MEMORY_BYTES) {
    advice.push(`less than ${gigabytes(WANTED_MEMORY_BYTES)} of memory: keep models and batches small`);
  }
  if (freeDiskBytes !== undefined && freeDiskBytes < WANTED_DISK_BYTES) {
    advice.push(`less than ${gigabytes(WANTED_DISK_BYTES)} of disk: checkpoints may not fit`);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  const facts = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const close = advice.length === 0 ? ['everything needed is here'] : advice.map((text) => `! ${text}`);
  return [...facts, '', ...close].join('\n');
}
