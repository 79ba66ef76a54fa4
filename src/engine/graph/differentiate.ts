// Reverse-mode differentiation as a program transformation: walks the nodes backwards and applies each
// operation's gradient rule, which emits operations of the same table. Values used several times sum their
// contributions in node order, so the result is deterministic.

import { TouchstoneError } from '../../core/errors.ts';
import { gradientOf } from '../operations/table.ts';
import type { GraphBuilder } from './program.ts';
import type { Value } from './value.ts';

/**
 * Adds to `graph` the gradients of sum_i <seed_i, value_i> with respect to `parameters`.
 *
 * @param seeds pairs of a value and the incoming gradient of the same shape
 * @returns one gradient per parameter, in order; throws when a parameter does not reach any seed
 */
export function differentiate(
  graph: GraphBuilder,
  seeds: readonly (readonly [value: Value, gradient: Value])[],
  parameters: readonly Value[],
): Value[] {
  const gradients = new Map<number, Value>();
  const accumulate = (value: Value, gradient: Value): void => {
    const current = gradients.get(value.id);
    gradients.set(
      value.id,
      current === undefined ? gradient : (graph.apply('add', [current, gradient], {})[0] as Value),
    );
  };
  const nodes = graph.nodes.slice();
  const reachable = new Set(parameters.map((parameter) => parameter.id));
  for (const node of nodes) {
    if (node.inputs.some((value) => reachable.has(value.id))) {
      for (const value of node.outputs) reachable.add(value.id);
    }
  }
  for (const [value, gradient] of seeds) accumulate(value, gradient);
  for (const node of nodes.reverse()) {
    const outputGradients = node.outputs.map((value) => gradients.get(value.id));
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    const wanted = node.inputs.map((value) => value.dtype === 'float' && reachable.has(value.id));
    if (!wanted.some(Boolean)) continue;
    const inputGradients = gradientOf(graph, node, outputGradients, wanted);
    node.inputs.forEach((value, i) => {
      const gradient = inputGradients[i];
      if (wanted[i] && gradient !== undefined) accumulate(value, gradient);
    });
  }
  return parameters.map((parameter) => {
    const gradient = gradients.get(parameter.id);
    if (gradient === undefined)
      throw new TouchstoneError('bad-shape', `no gradient reaches ${parameter.name}`);
    return gradient;
  });
}
