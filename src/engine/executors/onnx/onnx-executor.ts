// Runs programs with onnxruntime-node on the CPU: lowers every node to ONNX, serialises the graph and creates one
// inference session per program. Inputs are passed without a copy; results are fresh arrays. A run blocks the
// event loop, which is why the engine lives in a worker thread.

import { TouchstoneError } from '../../../core/errors.ts';
import type { Program } from '../../graph/program.ts';
import { sizeOf } from '../../graph/value.ts';
import type { CompiledProgram, Executor, Feeds, Results } from '../executor.ts';
import { Emitter } from './emitter.ts';
import { lowerNode } from './lower.ts';
import { encodeModel, type OnnxValue } from './protobuf.ts';

export interface OnnxOptions {
  /** Threads of one operator; default: the physical cores ONNX Runtime finds. */
  threads?: number;
}

type Runtime = typeof import('onnxruntime-node');

async function loadRuntime(): Promise<Runtime> {
  try {
    const loaded = await import('onnxruntime-node');
    return (loaded as unknown as { default?: Runtime }).default ?? loaded;
  } catch (cause) {
    throw new TouchstoneError('engine-unavailable', 'onnxruntime-node cannot be loaded', {
      cause,
      hint: 'install it with "npm install onnxruntime-node", or use the reference executor for small models',
    });
  }
}

/** The executor that works wherever onnxruntime-node does. */
export async function createOnnxExecutor(options: OnnxOptions = {}): Promise<Executor> {
  const runtime = await loadRuntime();
  return { name: 'onnx', compile: (program) => compile(runtime, program, options) };
}

/** The serialised ONNX model of a program. */
export function toOnnxModel(program: Program): Uint8Array {
  const emitter = new Emitter();
  for (const node of program.nodes) lowerNode(emitter, node);
  const outputs: OnnxValue[] = [];
  for (const [name, value] of program.outputs) {
    emitter.node('Identity', [value.name], {}, name);
    outputs.push({ name, type: value.dtype === 'int' ? 'int32' : 'float', shape: value.shape });
  }
  const inputs = program.inputs.map((value) => ({
    name: value.name,
    type: value.dtype === 'int' ? ('int32' as const) : ('float' as const),
    shape: value.shape,
  }));
  return encodeModel({ ...emitter.needed([...program.outputs.keys()]), inputs, outputs });
}

async function compile(runtime: Runtime, program: Program, options: OnnxOptions): Promise<CompiledProgram> {
  const session = await runtime.InferenceSession.create(toOnnxModel(program), {
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: '1' } },
  });
  return {
    async run(feeds: Feeds): Promise<Results> {
      const tensors: Record<string, InstanceType<Runtime['Tensor']>> = {};
      for (const value of program.inputs) {
        const data = feeds[value.name];
        if (data === undefined || data.length !== sizeOf(value.shape)) {
          throw new TouchstoneError('bad-shape', `input ${value.name}: got ${data?.length ?? 'nothing'}`, {
            hint: `feed ${sizeOf(value.shape)} numbers for shape [${value.shape.join(', ')}]`,
          });
        }
        tensors[value.name] =
          value.dtype === 'int'
            ? new runtime.Tensor('int32', data as Int32Array, value.shape)
            : new runtime.Tensor(
                'float32',
                data instanceof Float32Array ? data : Float32Array.from(data),
                value.shape,
              );
      }
      const outputs = await session.run(tensors);
      const results: Results = {};
      for (const name of program.outputs.keys()) results[name] = outputs[name]?.data as Float32Array;
      return results;
    },
    dispose: () => session.release(),
  };
}
